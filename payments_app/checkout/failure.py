"""failure: what a page says of an attempt that took no money. Its sentence and its button agree."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for
from sqlalchemy.orm import Session

from payments_app.checkout import buyers
from payments_app.checkout.status import way_back
from payments_app.checkout.status_row import StatusRow
from payments_app.core.db.columns import as_object
from payments_app.core.language import Words
from payments_app.gateway.decline_sentences import NOT_CONFIRMED, try_again_words
from payments_app.gateway.declines import buyer_sentence
from payments_app.payments.models import PaymentRecord
from payments_app.payments.phases import Phase, State
from payments_app.payments.queries import attempts_like
from payments_app.payments.truth import truth_of

_NOTHING = Words("You have not been charged.")
_CLOSED = Words("You have not been charged. If you closed your bank's window, nothing is lost.")
_CARD_DECLINED = Words("Your bank declined this card. Contact your bank or use another card.")
_SINCE: dict[str, tuple[str, str, str]] = {
    "paid": (
        "done",
        Words("Paid by another attempt"),
        Words(
            "This attempt failed, and nothing was charged for it. What it was for is paid since."
        ),
    ),
    "under_way": (
        "bank",
        Words("Another attempt is under way"),
        Words(
            "This attempt failed, and nothing was charged for it. Don't pay again: a newer one is "
            "being made."
        ),
    ),
}


@dataclass(frozen=True)
class Failure:
    """`more` follows the sentence; `button` leads to `url`, where there is one, and `way_back` to
    whoever asked for the payment, for a buyer who does not try again."""

    heading: str
    sentence: str
    more: str
    icon: str
    button: str
    url: str | None
    way_back: str | None = None


def failure_of(
    session: Session, transaction: StatusRow, try_again_url: str | None
) -> Failure | None:
    """What is said of a failed attempt; None of any other. Only its own buyer has a
    `try_again_url`."""
    if transaction.state != State.FAILED:
        return None
    since = truth_of(transaction).closed.get("pay_again")
    if since in _SINCE:  # another release may know more
        icon, heading, said = _SINCE[since]
        url = _other_url(session, transaction)
        return Failure(heading, said, "", icon, Words("See that payment"), url)
    key, sentence = _sentence(transaction)
    if transaction.sets_up and key == "B1":
        sentence = _CARD_DECLINED  # nothing was to be paid
    more: str = "" if "not charged" in sentence else _NOTHING
    icon = "failed"
    if key == NOT_CONFIRMED:
        more = _CLOSED
        icon = "bank"
    heading, button = _heading(transaction, key), try_again_words(key)
    back = way_back(session, transaction, paid=False) if try_again_url else None
    return Failure(heading, sentence, more, icon, button, try_again_url, back)


def _sentence(transaction: StatusRow) -> tuple[str, str]:
    free = not transaction.amount
    return buyer_sentence(as_object(transaction.error), transaction.phase, free=free)


def _heading(transaction: StatusRow, key: str) -> str:
    if transaction.sets_up:
        return Words("The card was not saved")
    if transaction.phase == Phase.CANCELED:
        return Words("Payment cancelled")
    if key == NOT_CONFIRMED:
        return Words("Payment not confirmed")
    if not transaction.amount:
        return Words("This could not be completed")
    return Words("Payment failed")


def _other_url(session: Session, transaction: StatusRow) -> str | None:
    """The attempt at the same that is paid or may be, for the browser that made both."""
    active = attempts_like(transaction.id).where(PaymentRecord.active)
    other = session.scalars(active).first()
    if other is None or not (buyers.is_mine(transaction) and buyers.is_mine(other)):
        return None
    return url_for("checkout.show", transaction_id=other.id)
