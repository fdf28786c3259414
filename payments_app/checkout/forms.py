"""What a buyer sends, from a form or as JSON, parsed into one Purchase."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from payments_app.core.card_numbers import CardNumberError, refuse
from payments_app.core.email_addresses import checked, compared
from payments_app.core.language import Words
from payments_app.core.web.http import ProblemError
from payments_app.core.web.idempotency_keys import needed_key
from payments_app.payments.sellable import ITEM

_PAYMENT_METHOD_IDS = {
    "payment_method": re.compile(r"(pm|card|src)_\w{1,240}", re.ASCII),
    "confirmation_token": re.compile(r"ctoken_\w{1,240}", re.ASCII),
    "saved_card": re.compile(r"card_\w{1,34}", re.ASCII),
}

_LONGEST_ID = 255  # of Stripe's


@dataclass(frozen=True)
class Purchase:
    """One wish to pay. `amount` (minor units) and `currency` are what the page showed: they are
    compared with the shop's own price, never charged."""

    item: str
    email: str
    key: str
    quantity: int = 1
    payment_method: str | None = None
    confirmation_token: str | None = None
    saved_card: str | None = None
    save_card: bool = False
    amount: int | None = None
    currency: str | None = None
    time_zone: str = ""
    challenge: str = ""
    challenge_answer: str = ""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of what is bought, by whom, how many. Every click makes a new confirmation
        token, so it is left out."""
        return fingerprint_of(self.item, self.email, self.quantity)


def fingerprint_of_sent(values: Mapping[str, Any]) -> str:
    """The same of what was sent, read as the purchase is; of what can't be read, as it came."""
    reader = _Reader(values)
    read = (reader.item(), reader.email(), reader.whole_number("quantity", least=1) or 1)
    if not reader.errors:
        return fingerprint_of(*read)
    return fingerprint_of(values.get("item"), values.get("email"), values.get("quantity", 1))


def fingerprint_of(item: Any, email: Any, quantity: Any) -> str:
    """SHA-256 of what a purchase is told apart by, checked or not."""
    content = json.dumps([item, compared(str(email)), quantity])
    return hashlib.sha256(content.encode()).hexdigest()


def parse(values: Mapping[str, Any], key: str | None) -> Purchase:
    """Read a form's or a JSON object's values.

    Raises ProblemError: 422 with a message for each wrong field, 400 for a malformed key or none.
    """
    reader = _Reader(values)
    purchase = Purchase(
        item=reader.item(),
        email=reader.email(),
        quantity=reader.whole_number("quantity", least=1) or 1,
        payment_method=reader.payment_method_id("payment_method"),
        confirmation_token=reader.payment_method_id("confirmation_token"),
        saved_card=reader.payment_method_id("saved_card"),
        save_card=reader.wish("save_card"),
        amount=reader.whole_number("amount", least=0),
        currency=reader.text("currency").lower() or None,
        key=needed_key(key),
        time_zone=reader.text("time_zone"),
        challenge=reader.text("challenge"),
        challenge_answer=reader.text("challenge_answer"),
    )
    named = (purchase.payment_method, purchase.confirmation_token, purchase.saved_card)
    if sum(one is not None for one in named) > 1:
        reader.errors["payment_method"] = Words(
            "Send exactly one of: payment method, confirmation token, saved card."
        )
    if reader.errors:
        raise invalid(reader.errors)
    return purchase


def invalid(fields: Mapping[str, str]) -> ProblemError:
    """422 with what is wrong by field. The first sentence is also the message."""
    return ProblemError(422, "invalid", next(iter(fields.values())), fields)


class _Reader:
    """Takes values apart and collects what is wrong with each."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self.errors: dict[str, str] = {}

    def text(self, name: str) -> str:
        value = self._values.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.errors.setdefault(name, Words("This must be text."))
            return ""
        return value.strip()

    def item(self) -> str:
        item = self.text("item")
        if "item" not in self.errors and not ITEM.fullmatch(item):
            self.errors["item"] = Words("Choose an item to pay for.")
        return item

    def email(self) -> str:
        typed = self.text("email")
        if "email" in self.errors:
            return ""
        if not typed:
            self.errors["email"] = Words("Enter your e-mail address.")
            return ""
        address = checked(typed) or ""
        if not address:
            self.errors["email"] = Words("Enter an e-mail address like name@example.com.")
        self._refuse_card_number("email", address)
        return address

    def whole_number(self, name: str, least: int) -> int | None:
        value = self._values.get(name)
        if value in (None, ""):
            return None
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,15}", value.strip()):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value < 10**15:
            self.errors[name] = Words(
                "This must be a whole number of at least %(least)s.", least=least
            )
            return None
        return value

    def wish(self, name: str) -> bool:
        value = self._values.get(name, False)
        if value in (True, "1", "on", "true"):
            return True
        if value not in (False, None, "", "0", "false"):
            self.errors[name] = Words("This must be true or false.")
        return False

    def payment_method_id(self, name: str) -> str | None:
        value = self.text(name)
        if value and not _PAYMENT_METHOD_IDS[name].fullmatch(value):
            self.errors[name] = Words("Enter a valid payment method or token id.")
        self._refuse_card_number(name, value[:_LONGEST_ID])
        return value or None

    def _refuse_card_number(self, name: str, value: str) -> None:
        try:
            refuse(value)
        except CardNumberError as error:
            self.errors[name] = str(error)
