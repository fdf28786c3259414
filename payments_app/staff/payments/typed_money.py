"""Amounts as people write them, with a currency's sign or code and a minus: "$1,099.50", "10,99 €",
"USD 12", or with a minus. To search by: core/amounts.py alone reads what moves money. No query
here."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from decimal import Decimal

from babel.numbers import get_currency_symbol

from payments_app.core.money import CURRENCIES, code_of

# Spaces are taken all at once: each way to share them out between the parts would be tried.
_SIGN = r"[^\s\d.,\u2212-]"
_FORM = re.compile(
    rf"(?P<minus>[-\u2212+]?)\s*+(?P<before>(?:{_SIGN}++(?:\u202f(?={_SIGN}))?)*+)\s*+"
    r"(?P<minus_inside>[-\u2212+]?)"
    r"(?P<number>\d[\d\s.,\u00a0'\u2019]*?)\s*(?P<after>[^\s\d.,]*)"
)
_MOST_DIGITS = 16


@dataclass(frozen=True)
class TypedMoney:
    """An amount in the unit that people name; `currency` where one was written, in lower case;
    `back` where it was written with a minus, as money that went back is."""

    amount: Decimal
    currency: str | None
    back: bool

    @property
    def words(self) -> str:
        """How it was read."""
        code = f" {self.currency.upper()}" if self.currency else " in any currency"
        sign = "\u2212" if self.back else ""
        return f"{sign}{self.amount:,}{code}"


def read_money(typed: str) -> TypedMoney | None:
    """What was typed as an amount; None where it is none, or of a currency that nobody knows."""
    match = _FORM.fullmatch(typed.strip())
    if match is None:
        return None
    signs = [sign for sign in (match["before"], match["after"]) if sign]
    currencies = [_currency(sign) for sign in signs]
    number = _number(match["number"])
    # With a sign and a code, as a payment's page heads it, the code is the one that says more.
    currency = currencies[-1] if currencies else None
    if number is None or None in currencies or not _agree(match["before"], currency):
        return None
    back = match["minus"] + match["minus_inside"]
    return TypedMoney(number, currency, back=back not in {"", "+"})


def _agree(before: str, currency: str | None) -> bool:
    """Whether a sign or code in front may be of this currency."""
    return not before or _currency(before) == currency or before in "$\u00a5"


def _currency(sign: str) -> str | None:
    """By its sign as we print it, or by its code."""
    code = code_of(sign)
    return code if code in CURRENCIES else _signs().get(sign.lower())


@functools.cache
def _signs() -> dict[str, str]:
    known = {get_currency_symbol(c.upper(), "en_US").lower(): c for c in sorted(CURRENCIES)}
    words = {"dollar": "usd", "dollars": "usd", "euro": "eur", "euros": "eur", "yen": "jpy"}
    return {**known, **words, "us$": "usd", "\uffe5": "jpy"}


def _number(text: str) -> Decimal | None:
    """With a point or a comma before the decimals, and anything usual between thousands."""
    bare = re.sub(r"[\s\u00a0'\u2019]", "", text)
    point, comma = bare.rfind("."), bare.rfind(",")
    if point >= 0 and comma >= 0:
        thousands = "," if point > comma else "."
        bare = bare.replace(thousands, "")
    elif re.fullmatch(r"\d{1,3}([.,]\d{3}){2,}|\d{1,3},\d{3}", bare):
        bare = re.sub(r"[.,]", "", bare)
    bare = bare.replace(",", ".")
    if not re.fullmatch(r"\d+(\.\d{1,3})?", bare) or len(bare) > _MOST_DIGITS:
        return None
    return Decimal(bare)
