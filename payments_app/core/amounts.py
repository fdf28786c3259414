"""Amounts that move money, as people type them: read in the one way that is meant, or not at all.

A comma is a thousand to one reader and a cent to the next. What could be either is asked about.
"""

from __future__ import annotations

import re
import unicodedata

from babel.numbers import get_currency_symbol

from payments_app.core.money import THREE_DECIMAL, WHOLE_UNITS, Money, exponent

_NUMBER = r"(0|[1-9][0-9]{0,12})(?:\.([0-9]+))?"
_SEPARATED = re.compile(r"([0-9]*)((?:[ .,']+[0-9]+)*)")
_LONGEST = 100  # characters that may be an amount
_EXAMPLES = {0: "150", 2: "1.50", 3: "1.500"}


class AmountError(ValueError):
    """No amount of this currency, or one that can be read in two ways; the message asks which."""


def parse_amount(typed: str, currency: str) -> Money:
    """The amount that was typed in the currency's own unit: digits, and after a point exactly the
    decimals that it has (none of a currency of whole units); its code or symbol may stand beside.

    Raises AmountError.
    """
    code, places = currency.upper(), _places(currency)
    name = rf"(?:{re.escape(code)}|{re.escape(get_currency_symbol(code, locale='en_US'))})"
    form = rf"(?:{name} ?)?{_NUMBER}(?: ?{name})?"
    found = re.fullmatch(form, typed.strip(" "), re.ASCII | re.IGNORECASE)
    if found is None or (found[2] is not None and len(found[2]) != places):
        raise AmountError(_question(typed, currency))
    money = _money(found[1], found[2] or "", currency)
    if currency in THREE_DECIMAL and money.amount % 10:
        raise AmountError("The last digit of an amount with three decimals must be 0.")
    return money


def typed_form(money: Money) -> str:
    """The amount as `parse_amount` reads it."""
    return f"{money.major:.{_places(money.currency)}f}"


def _places(currency: str) -> int:
    return 0 if currency in WHOLE_UNITS else exponent(currency)


def _money(whole: str, fraction: str, currency: str) -> Money:
    return Money(int(whole + fraction.ljust(exponent(currency), "0")), currency)


def _question(typed: str, currency: str) -> str:
    """What was meant, by all that it could be read as."""
    found = [_money(*reading, currency) for reading in _readings(typed, currency)]
    if not found:
        example = _EXAMPLES[_places(currency)]
        return f"Type the amount in {currency.upper()} as digits, such as {example}."
    meant = sorted(set(found), key=lambda money: money.amount)
    amounts = " or ".join(str(money) for money in meant)
    return f"Did you mean {amounts}? Type it as {' or '.join(typed_form(m) for m in meant)}."


def _readings(typed: str, currency: str) -> list[tuple[str, str]]:
    """Wholes and fractions: every separator as one of thousands, or the last as the point."""
    if len(typed) > _LONGEST:
        return []
    plain = unicodedata.normalize("NFKC", typed).replace("\u2019", "'").upper()
    plain = plain.replace(currency.upper(), "")
    plain = "".join(char for char in plain if unicodedata.category(char) != "Sc")
    found = _SEPARATED.fullmatch(plain.strip(" +-\u2212").rstrip(".,"))
    if found is None or not 0 < sum(map(str.isdigit, found[0])) < 14:
        return []
    first, *rest = re.split(r"[ .,']+", found[0])
    separators = re.findall(r"[ .,']+", found[0])
    places, readings = _places(currency), []
    in_threes = "." not in separators or {len(group) for group in rest} == {3}
    if not rest or (in_threes and first.lstrip("0") == first != ""):
        readings.append((first + "".join(rest), ""))
    if rest:
        fraction = rest[-1].rstrip("0") if separators[-1] == "." else rest[-1]
        if len(fraction) <= places:
            readings.append((f"0{first}{''.join(rest[:-1])}", fraction))
    return readings
