"""What the form of a payment link asks for, and what is wrong with it."""

from __future__ import annotations

import datetime as dt
import re

from flask import request

from payments_app.core.amounts import AmountError, parse_amount
from payments_app.core.db.clock import utcnow
from payments_app.core.email_addresses import checked
from payments_app.core.free_text import free_text
from payments_app.core.money import CURRENCIES, Money
from payments_app.core.web.http import ProblemError
from payments_app.payment_requests.ask import Wish
from payments_app.payments.payable import Payable
from payments_app.payments.said import said

MOST_DAYS = 90


def read_wish(owed: Payable | None = None) -> Wish:
    """With the amount and the words of what is `owed`, where the link is for that.

    Raises ProblemError with a sentence for each field that is not right.
    """
    problems: dict[str, str] = {}
    if owed is None:
        money, description = _read_amount(problems)
    else:
        money, description = owed.price, str(said(lambda: owed.payment_description, owed.id))
    typed = request.form
    email = typed.get("email", "").strip()
    if email and not checked(email):
        problems["email"] = "Enter an e-mail address like name@example.com."
    if not email and typed.get("send"):
        problems["email"] = "Enter the address that the link goes to."
    days = typed.get("days", "").strip()
    if not re.fullmatch(r"[1-9][0-9]?", days) or int(days) > MOST_DAYS:
        problems["days"] = f"The link is good for 1 to {MOST_DAYS} days."
    if problems:
        raise ProblemError(422, "invalid", next(iter(problems.values())), problems)
    return Wish(
        money=money,
        description=description,
        email=checked(email) or None,
        expires_at=utcnow() + dt.timedelta(days=int(days)),
        owed=owed,
    )


def _read_amount(problems: dict[str, str]) -> tuple[Money, str]:
    """So much, and what for."""
    typed = request.form
    currency, money = typed.get("currency", "").strip().lower(), Money(0, "usd")
    if currency not in CURRENCIES:
        problems["currency"] = "Choose a currency that this shop can take."
    else:
        try:
            money = parse_amount(typed.get("amount", ""), currency)
        except AmountError as error:
            problems["amount"] = str(error)
    description = ""
    try:
        description = free_text(
            typed.get("description", ""),
            what="The description",
            most=500,
            if_empty="Say what it is for: the customer reads it.",
        )
    except ValueError as error:
        problems["description"] = str(error)
    return money, description
