"""Money: integer minor units with a currency, by Stripe's exponents. Babel only formats.

What the shop may ask for is one question (CURRENCIES, `chargeable`), what can be shown another: a
payment made at Stripe may be in any currency, and is parsed, summed and written as any other.

Source of the tables: https://docs.stripe.com/currencies
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel import Locale

from payments_app.core import language

ZERO_DECIMAL = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())
THREE_DECIMAL = frozenset("bhd jod kwd omr tnd".split())
WHOLE_UNITS = frozenset({"isk", "ugx"})  # two decimals at Stripe, but whole units only
TWO_DECIMAL = frozenset(
    "usd eur gbp aud brl cad chf nzd sgd inr ils zar php ars cop idr aed myr pln ron dkk nok sek "
    "hkd mxn thb czk huf twd isk".split()
)
CURRENCIES = ZERO_DECIMAL | THREE_DECIMAL | TWO_DECIMAL  # that this shop sells in

_MINIMUM_MAJOR = {
    **dict.fromkeys(
        "usd eur aud brl cad chf nzd sgd inr ils zar php ars cop idr".split(), Decimal("0.50")
    ),
    "gbp": Decimal("0.30"),
    **dict.fromkeys(("aed", "myr", "pln", "ron"), Decimal(2)),
    "dkk": Decimal("2.50"),
    **dict.fromkeys(("nok", "sek"), Decimal(3)),
    "hkd": Decimal(4),
    **dict.fromkeys(("mxn", "thb"), Decimal(10)),
    "czk": Decimal(15),
    **dict.fromkeys(("jpy", "krw"), Decimal(50)),
    "huf": Decimal(175),
}

MOST = 99_999_999  # minor units: eight digits
_MOST_IN = {"idr": 999_999_999_999}

MINUS = "\u2212"  # a hyphen is shorter, and may end a line
_CODE = re.compile(r"[A-Za-z]{3}")
_LETTERS_THEN_DIGITS = re.compile(r"(?<=[A-Za-z])(?=\d)")


def exponent(currency: str) -> int:
    """How many decimal places Stripe's minor unit of this currency has: 0, 2 or 3; 2 of a code
    that its tables do not name."""
    currency = currency.lower()
    return 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2


def code_of(value: Any) -> str | None:
    """A currency's code as rows keep it, in lower case; None for what is no three letters."""
    return value.lower() if isinstance(value, str) and _CODE.fullmatch(value) else None


@dataclass(frozen=True, order=False)
class Money:
    """An amount in minor units (1099 is $10.99, and 1099 is also JPY 1,099) of any currency, its
    code in lower case. Raises TypeError for an amount that is no whole number."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount) is not int:  # a bool is an int, and no amount
            raise TypeError("an amount of money is a whole number of minor units")
        object.__setattr__(self, "currency", self.currency.lower())

    @property
    def major(self) -> Decimal:
        """The amount in the unit that people name: dollars, yen, dinars."""
        return Decimal(self.amount).scaleb(-exponent(self.currency))

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other).amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other).amount, self.currency)

    def __mul__(self, times: int) -> Money:
        return Money(self.amount * times, self.currency)

    def __str__(self) -> str:
        """As the reader of now writes it."""
        return self.format(language.locale())

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError(f"can't mix {self.currency} with {other.currency}")
        return other

    def format(self, locale: str | Locale = "en_US") -> str:
        """The amount as people write it, with as many decimals as the currency has; with the bare
        code, as in "123.45 XYZ", where the shop does not sell in it."""
        return _written(self, locale)


@lru_cache(maxsize=2000)  # a shop has few prices, and they stand on every page
def _written(money: Money, locale: str | Locale) -> str:
    digits, code = exponent(money.currency), money.currency.upper()
    if money.currency in WHOLE_UNITS and money.amount % 100 == 0:
        digits = 0
    where = Locale.parse(locale)
    if money.currency not in CURRENCIES:
        pattern = copy.copy(where.decimal_formats[None])
        pattern.frac_prec = (digits, digits)
        return f"{pattern.apply(money.major, where)} {code}".rstrip()
    pattern = copy.copy(where.currency_formats["standard"])
    pattern.frac_prec = (digits, digits)
    text = pattern.apply(money.major, where, currency=code, currency_digits=False)
    return _LETTERS_THEN_DIGITS.sub("\u00a0", text).replace("-", MINUS)


def minimum(currency: str) -> int:
    """The least that Stripe charges in this currency, in minor units; 1 where it names none."""
    major = _MINIMUM_MAJOR.get(currency.lower(), Decimal(0))
    return max(1, int(major.scaleb(exponent(currency))))


def maximum(currency: str) -> int:
    """The most that Stripe charges in this currency, in minor units."""
    return _MOST_IN.get(currency.lower(), MOST)


def chargeable(money: Money) -> str | None:
    """Why this can't be asked for: the shop does not sell in the currency, or Stripe would refuse
    the amount; in words, None where it can.

    An amount of zero or less is never sent to Stripe and is fine here.
    """
    if money.currency not in CURRENCIES:
        return language.Words(
            "%(currency)s is not a currency that this shop can take",
            currency=money.currency.upper(),
        )
    if money.amount <= 0:
        return None
    if money.currency in THREE_DECIMAL and money.amount % 10:
        return language.Words("the last digit of an amount with three decimals must be 0")
    if money.currency in WHOLE_UNITS and money.amount % 100:
        return language.Words("only whole units can be charged in this currency")
    least = minimum(money.currency)
    if money.amount < least:
        least_money = Money(least, money.currency)
        return language.Words("the least that can be charged is %(least)s", least=least_money)
    most = maximum(money.currency)
    if money.amount > most:
        most_money = Money(most, money.currency)
        return language.Words("the most that can be charged is %(most)s", most=most_money)
    return None
