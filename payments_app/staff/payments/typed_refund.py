"""What the form of a refund asks for, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from flask import request

from payments_app.core.amounts import AmountError, parse_amount, typed_form
from payments_app.core.extensions import db
from payments_app.core.money import Money, exponent
from payments_app.core.web.http import ProblemError
from payments_app.gateway.refunds import REASONS
from payments_app.payments.models import Transaction
from payments_app.payments.refunds import items as paid_items
from payments_app.payments.refunds.items import ItemsError, PaidItem
from payments_app.payments.refunds.request import reason_in_words


@dataclass(frozen=True)
class Wish:
    """What the form asks for; `items` are so many of each line of what was bought."""

    money: Money
    reason: str
    stripe_reason: str | None
    items: Mapping[int, int] = field(default_factory=dict)


def items_left(transaction_id: str) -> list[PaidItem]:
    """What was bought by this payment, with how much of it can still be given back."""
    session = db.session()
    return paid_items.items_of(session, session.get_one(Transaction, transaction_id))


def askable_items(transaction_id: str) -> list[PaidItem]:
    """The same; a review's form may come twice, and its second coming is answered as the first
    was, though fewer are left by now: what is stored is checked under the lock."""
    items = items_left(transaction_id)
    if "reviewed" not in request.form:
        return items
    return [replace(item, left=item.quantity) for item in items]


def _chosen(items: Sequence[PaidItem]) -> dict[int, int]:
    """How many of each line the form asks for. Raises ItemsError for what is no number."""
    typed = {item.line: request.form.get(f"item_{item.line}", "") for item in items}
    if not all(re.fullmatch("[0-9]{0,4}", each) for each in typed.values()):
        raise ItemsError("Choose how many.")
    return {line: int(each) for line, each in typed.items() if each.strip("0")}


def _check_beside(money: Money, left: Money) -> None:
    """Items set the amount. What stands beside them is the same, or what the form began with: all
    that is `left`. Raises AmountError for any other: one of the two was not meant."""
    typed = request.form.get("amount", "").strip(" ")
    by_script = f"{money.major:.{exponent(money.currency)}f}"
    if typed not in {"", typed_form(money), by_script, typed_form(left)}:
        raise AmountError(
            f"The items come to {money}. Type {typed_form(money)}, or choose no items."
        )


def read_wish(items: Sequence[PaidItem], left: Money) -> Wish:
    """What was typed, of a payment of which so much is `left`; items that were chosen set the
    amount. Raises ProblemError with a sentence for each field that is not right."""
    problems: dict[str, str] = {}
    currency = left.currency
    money, reason, chosen = Money(0, currency), "", {}
    try:
        chosen = _chosen(items)
        money = (
            paid_items.price_of(items, chosen, currency)
            if chosen
            else parse_amount(request.form.get("amount", ""), currency)
        )
        if chosen:
            _check_beside(money, left)
    except ItemsError as error:
        problems["items"] = str(error)
    except AmountError as error:
        problems["amount"] = str(error)
    try:
        reason = reason_in_words(request.form.get("reason", ""))
    except ValueError as error:
        problems["reason"] = str(error)
    stripe_reason = request.form.get("stripe_reason") or None
    if stripe_reason not in (None, *REASONS):
        problems["stripe_reason"] = "Choose one of the reasons, or none."
    if problems:
        raise ProblemError(422, "invalid", next(iter(problems.values())), problems)
    return Wish(money, reason, stripe_reason, chosen)
