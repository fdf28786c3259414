"""charge: take the money of one transaction. Three database transactions, two calls to Stripe.
One that only keeps a card (a trial's) goes the same way, and takes none.

Recovery points, each committed before the next call:
  begun      processing, parameters stored          -> create is repeated with its key
             (to save a card, Stripe must know the customer first: the parameters name them)
  sent       the intent's id, and confirm is due    -> the intent is read before anything else
  refused    by our mistake, keys of a next number  -> the call is made again with these
  applied    the verdict and its messages, this one -> nothing left to do
             done with them
Safe from a second copy of the worker because both calls carry a key of the transaction's own, and
because an answer that Stripe replays is never applied: the intent is read instead.
"""

from __future__ import annotations

from typing import Any

from payments_app.core.jobs.command import Claim, Later
from payments_app.gateway import charges
from payments_app.gateway.customers import create_customer
from payments_app.gateway.misconfigured import is_of_no_token
from payments_app.gateway.results import Answer, Verdict, unclear
from payments_app.gateway.waits import used_up
from payments_app.payments.phases import Phase
from payments_app.payments.queries import phase_of
from payments_app.payments.transactions import (
    charge_steps,
    expire,
    misconfigured,
    seller_refused,
    supersede,
)
from payments_app.payments.transactions.apply_stripe_state import (
    apply_stripe_state,
    complete_zero_amount,
    note,
)
from payments_app.payments.transactions.charge_snapshot import ChargeSnapshot
from payments_app.payments.transactions.come_back import come_back
from payments_app.payments.transactions.find import find
from payments_app.payments.transactions.leave import ALREADY_BOUGHT

_TOKEN_SPENT = (
    "payment_intent_confirmation_token_invalid",
    "setup_intent_confirmation_token_invalid",
)


def charge(transaction_id: str, claim: Claim) -> bool:
    """Charge a transaction that waits to be charged; do nothing to one that does not. Returns
    whether the message was done with the verdict.

    Raises Later when Stripe refused before anything happened, or could not be reached at all, and
    where only another process knows what is paid for.
    """
    snapshot = charge_steps.begin(transaction_id)
    if isinstance(snapshot, Later):
        raise snapshot
    if snapshot is None:
        return False
    if snapshot.amount == 0 and not snapshot.sets_up:
        complete_zero_amount(transaction_id)
        return False
    if snapshot.late and not snapshot.confirm_sent:
        expire.unsent(snapshot, claim, create)
        return False
    if snapshot.earlier_open and not supersede.cancel_at_stripe(snapshot, claim):
        return False
    asks_for_card = snapshot.asks_for_card
    if snapshot.customer is not None:
        made = create_customer(
            snapshot.customer.customer_id,
            snapshot.customer.email,
            snapshot.transaction_id,
            snapshot.key_number,
            again=snapshot.customer.again,
        )
        if made.body is None:
            _not_created(snapshot, made, claim)
            return False
        snapshot = charge_steps.known(transaction_id, made.body["id"])
    if asks_for_card:
        card = charges.read_card(snapshot.confirm, snapshot.account)
        if card.verdict in (Verdict.LATER, Verdict.UNKNOWN):
            come_back(snapshot, card, claim)
        charge_steps.card_read(transaction_id, card)
    if snapshot.intent_id is not None:
        return _go_on(snapshot, claim)
    created = create(snapshot)
    if created.verdict != Verdict.OPEN:
        _not_created(snapshot, created, claim)
        return False
    snapshot, against = charge_steps.created(transaction_id, created)
    if snapshot.confirm_sent:  # by a second copy, meanwhile
        return _go_on(snapshot, claim)
    return _confirm(snapshot, claim, against, finishing=claim)


def _go_on(snapshot: ChargeSnapshot, claim: Claim) -> bool:
    """Another worker came so far before."""
    if snapshot.confirm_sent:
        resolve(snapshot, claim)
    else:
        confirm(snapshot, claim)
    return False


def create(snapshot: ChargeSnapshot) -> Answer:
    """Create the intent, or find the one that an earlier try made, where its key is of no more
    use: forgotten after a day, or holding an error that Stripe will repeat for ever.

    Raises Later where more of Stripe's list is to be searched."""
    if not (snapshot.key_forgotten and snapshot.create_sent):
        answer = charges.create_intent(snapshot.create, snapshot.create_key, snapshot.account)
        if not (answer.replayed and answer.verdict == Verdict.UNKNOWN):
            return answer
        note(snapshot.transaction_id, answer)
    return find(
        snapshot.transaction_id,
        snapshot.created_at,
        snapshot.account,
        setup=snapshot.sets_up,
        searched_to=snapshot.searched_to,
    )


def confirm(snapshot: ChargeSnapshot, claim: Claim) -> None:
    """Send the one call that moves money, and apply what comes of it; close the intent instead
    where it may not be charged any more. Raises Later where that can't be asked here."""
    _confirm(snapshot, claim, charge_steps.confirming(snapshot.transaction_id, snapshot.key_number))


def _confirm(
    snapshot: ChargeSnapshot,
    claim: Claim,
    against: dict[str, Any] | Later | None,
    finishing: Claim | None = None,
) -> bool:
    """The same, with what stands `against` it. Returns whether the message `finishing` was done
    with the verdict."""
    if isinstance(against, Later):
        raise against
    if against is not None:
        phase = Phase.FAILED if against["code"] == ALREADY_BOUGHT else Phase.CANCELED
        expire.cancel_and_end(snapshot, claim, phase=phase, error=against)
        return False
    answer = charges.confirm_intent(
        snapshot.intent, snapshot.confirm, snapshot.confirm_key, snapshot.account
    )
    if not snapshot.confirm_sent and seller_refused.is_refusal(snapshot, answer):
        seller_refused.end_refused(snapshot, answer)
    elif answer.verdict in (Verdict.LATER, Verdict.MISCONFIGURED):
        come_back(snapshot, answer, claim)
    elif answer.verdict in (Verdict.MOVED_ON, Verdict.OPEN) or (
        answer.replayed and answer.verdict not in (Verdict.UNKNOWN, Verdict.INVALID)
    ):
        note(snapshot.transaction_id, answer)
        apply_stripe_state(snapshot.transaction_id, _read(snapshot), fresh=True)
    elif answer.replayed or answer.error_code in _TOKEN_SPENT:
        # Stripe has saved an error for this key, or the token is used up (by an earlier
        # confirm of ours, or by another intent). Closing this intent tells: if it can be
        # cancelled, no money moved and never will.
        note(snapshot.transaction_id, answer)
        expire.cancel_and_end(snapshot, claim, phase=Phase.FAILED, error=answer.error or {})
    else:
        if is_of_no_token(answer):
            misconfigured.count(snapshot.transaction_id, answer)
        # That money moved is never undone: it corrects also what another number's confirm said.
        moved = answer.verdict == Verdict.SUCCEEDED
        apply_stripe_state(snapshot.transaction_id, answer, fresh=moved, claim=finishing)
        return finishing is not None
    return False


def resolve(snapshot: ChargeSnapshot, claim: Claim) -> str:
    """A confirm was sent before and its outcome is not known: read the intent, then decide.

    Returns the phase that the transaction is in then.
    """
    answer = _certain(charges.retrieve_intent(snapshot.intent, snapshot.account))
    if answer.verdict == Verdict.UNKNOWN and snapshot.phase != Phase.PROCESSING:
        note(snapshot.transaction_id, answer)
        return snapshot.phase
    if answer.verdict != Verdict.OPEN:
        return apply_stripe_state(snapshot.transaction_id, answer, fresh=True)
    note(snapshot.transaction_id, answer)
    if snapshot.late:
        # Nothing was charged, and the buyer is long gone: end it rather than charge them now.
        expire.cancel_and_end(snapshot, claim)
    else:
        confirm(snapshot, claim)
    return phase_of(snapshot.transaction_id)


def _read(snapshot: ChargeSnapshot) -> Answer:
    """The intent as it stands; one that nothing was charged on is as unclear as no answer."""
    answer = _certain(charges.retrieve_intent(snapshot.intent, snapshot.account))
    return unclear(answer) if answer.verdict == Verdict.OPEN else answer


def _certain(answer: Answer) -> Answer:
    """An intent that could not be read says nothing about the money: that is unknown."""
    return answer if answer.was_read else unclear(answer)


def _not_created(snapshot: ChargeSnapshot, answer: Answer, claim: Claim) -> None:
    """No new intent. Nothing that could move money was sent, so the same key is tried later."""
    if seller_refused.is_refusal(snapshot, answer):
        seller_refused.end_refused(snapshot, answer)
    elif answer.error_type == "rate_limit" and used_up(claim.tries):
        expire.rate_limited(snapshot.transaction_id, answer)
    elif answer.verdict in (Verdict.LATER, Verdict.MISCONFIGURED, Verdict.UNKNOWN):
        come_back(snapshot, answer, claim)
    elif answer.verdict == Verdict.CANCELED and answer.body is None:
        expire.never_made(snapshot)
    else:
        apply_stripe_state(snapshot.transaction_id, answer)
