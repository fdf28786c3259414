"""create_account: make a merchant's account at Stripe, once.

Safe from a lost answer because the call carries a key of the merchant's own, and because every
later try first looks for the account that carries the merchant's id in its metadata.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.db.session import atomic
from payments_app.core.jobs import outbox
from payments_app.core.jobs.command import Claim, Later
from payments_app.gateway import connect
from payments_app.gateway.record_call import record_call
from payments_app.gateway.results import Answer, Verdict
from payments_app.gateway.words import sentence
from payments_app.merchants.models import ConnectedAccount, Merchant
from payments_app.merchants.refresh_account import REFRESH, take

CREATE = "merchants.create_account"
NOT_ASKED = Answer("account_find", Verdict.ANSWERED)  # of a first try: there can be none yet
WAITS = (1.0, 2.0, 5.0, 30.0)  # seconds; the last one again and again


@dataclass(frozen=True)
class _Wish:
    merchant_id: str
    email: str
    name: str
    country: str
    charge_type: str
    key_number: int


def create_account(merchant_id: str, claim: Claim) -> None:
    """Make the account of a merchant who has none; do nothing for one who has. What Stripe
    refuses is kept in its words, until a person has it tried again.

    Raises Later while Stripe can't be asked, or its answer was lost.
    """
    wish = _wish(merchant_id)
    if wish is None:
        return
    is_first = not claim.tries and wish.key_number == 1
    answer = NOT_ASKED if is_first else connect.find_account(merchant_id)
    if answer.body is None and answer.verdict == Verdict.ANSWERED:
        answer = _create(wish, claim)
    if answer.body is not None:
        _keep(merchant_id, answer)
    elif answer.verdict == Verdict.INVALID:
        _refused(merchant_id, answer)
    else:
        _note(merchant_id, answer, alert=claim.tries >= len(WAITS))
        seconds = WAITS[min(claim.tries, len(WAITS) - 1)]
        raise Later(max(seconds, answer.retry_after or 0), f"account: {answer.error_code}")


def _create(wish: _Wish, claim: Claim) -> Answer:
    """Stripe repeats an error of its own that it has saved for a key, for ever: after that, and
    with no account in its list, another key may make one."""
    answer = _ask(wish, "")
    if answer.replayed and answer.verdict == Verdict.UNKNOWN:
        answer = _ask(wish, str(claim.tries))
    return answer


def _ask(wish: _Wish, attempt: str) -> Answer:
    return connect.create_account(
        wish.merchant_id,
        email=wish.email,
        name=wish.name,
        country=wish.country,
        charge_type=wish.charge_type,
        number=wish.key_number,
        attempt=attempt,
    )


@atomic
def _wish(session: Session, merchant_id: str) -> _Wish | None:
    account = session.get_one(ConnectedAccount, merchant_id, populate_existing=True)
    if account.stripe_account_id is not None:
        return None
    merchant = session.get_one(Merchant, merchant_id)
    return _Wish(
        merchant_id,
        merchant.email,
        merchant.name,
        account.country,
        account.charge_type,
        account.key_number,
    )


@atomic
def _keep(session: Session, merchant_id: str, answer: Answer) -> None:
    account = _lock(session, merchant_id)
    record_call(session, answer, subject=merchant_id)
    account.stripe_account_id = account.stripe_account_id or str((answer.body or {})["id"])
    account.error_message = None
    take(session, account, answer.body or {})
    # News of it that came before its id was stored here found nobody: read it once more.
    created = account.stripe_account_id
    outbox.stage(session, REFRESH, created, key=f"{REFRESH}:{created}:created")


@atomic
def _refused(session: Session, merchant_id: str, answer: Answer) -> None:
    account = _lock(session, merchant_id)
    record_call(session, answer, subject=merchant_id)
    told = sentence((answer.error or {}).get("message"))
    account.error_message = told or "Unknown error occurred"
    alerts.raise_alert(
        session,
        "merchant_refused",
        refusal_key(merchant_id),
        f"Stripe refused an account for {merchant_id}: {account.error_message}",
    )


@atomic
def _note(session: Session, merchant_id: str, answer: Answer, *, alert: bool) -> None:
    record_call(session, answer, subject=merchant_id)
    if alert or answer.verdict == Verdict.MISCONFIGURED:
        alerts.raise_alert(
            session,
            "merchant_waits",
            f"merchant_waits:{answer.error_code}",
            f"A merchant's account waits for Stripe: {(answer.error or {}).get('message')}",
        )


def refusal_key(merchant_id: str) -> str:
    """Of the alert that says that Stripe refused this merchant's account."""
    return f"merchant_refused:{merchant_id}"


def _lock(session: Session, merchant_id: str) -> ConnectedAccount:
    return session.get_one(
        ConnectedAccount, merchant_id, with_for_update=True, populate_existing=True
    )
