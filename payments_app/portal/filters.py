"""filters: what a merchant looks for among their payments: a view, and what they typed."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists

from payments_app.core.card_numbers import CardNumberError, refuse
from payments_app.core.web.query import UnreadableQueryError, asked
from payments_app.payments.models import Transaction
from payments_app.payments.phases import State
from payments_app.payments.refunds.models import NOT_REFUNDED, Refund
from payments_app.portal.search import matches

VIEWS = {
    "": "All",
    "complete": "Paid",
    "failed": "Not paid",
    "pending": "Pending",
    "refunded": "Refunded",
}
MAX_LENGTH = 255


def read_filters(merchant_id: str) -> tuple[list[ColumnElement[bool]], dict[str, str]]:
    """The conditions of the request's address, for this merchant's payments, and what it said, by
    name.

    Raises UnreadableQueryError.
    """
    view, typed = asked("view"), asked("q")
    if view not in VIEWS:
        raise UnreadableQueryError({"view": "There is no such view."})
    try:
        refuse(typed)
    except CardNumberError:
        raise UnreadableQueryError({"q": "Search by the card's last four digits."}) from None
    if len(typed) > MAX_LENGTH:
        raise UnreadableQueryError({"q": "This is too long."})
    found = [] if not view else [_view(view)]
    found += [matches(merchant_id, typed)] if typed else []
    return found, {name: said for name, said in (("view", view), ("q", typed)) if said}


def place() -> dict[str, str]:
    """Where in the list somebody is: its view, what was searched for, and its page."""
    return {name: said for name in ("view", "q", "before") if (said := asked(name))}


def _view(name: str) -> ColumnElement[bool]:
    if name == "refunded":
        return exists().where(
            Refund.transaction_id == Transaction.id, Refund.state.not_in(NOT_REFUNDED)
        )
    return Transaction.state == State(name)
