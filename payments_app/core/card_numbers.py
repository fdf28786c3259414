"""Card numbers in what people type: found whatever stands between their digits, never kept.

A card number has 13 to 19 digits of which the last is a check digit (ISO/IEC 7812-1). Nearly every
tenth number has a fitting one, so that a run of several numbers (dates, amounts, telephones) is
one only where it begins as a network's cards do and is written as one number.
Source of the beginnings: https://en.wikipedia.org/wiki/Payment_card_number
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from html import unescape
from typing import Any

from payments_app.core.card_number_parts import together
from payments_app.core.language import Words

REFUSAL = Words(
    "This looks like a card number, which can't be kept here. "
    "Remove it, or leave only its last four digits."
)

_RUN = re.compile(r"\d(?:[\W_]*\d){12,}")
_GROUP = re.compile(r"\d+")
_SOFT_BREAK = re.compile(r"=\r?\n")  # where a mail's line was too long (RFC 2045, 6.7)
# Zero-width characters, accents and keycaps: a reader does not see them as something between.
_UNSEEN = {"Cf", "Mn", "Me"}
_NETWORKS = re.compile(
    r"4(?:\d{15}|\d{18})"  # Visa
    r"|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-59]|[689]\d)\d{11,16}"  # Diners Club
    r"|35\d{14,17}"  # JCB
    r"|6\d{15,18}|8[12]\d{14,17}"  # Discover, UnionPay, Maestro, RuPay
    r"|5[06-8]\d{14,17}|220[0-4]\d{12,15}|9792\d{12}"  # Maestro, Mir, Troy
)
_ESCAPES = set("&%\\")
# From the first of many backslashes alone, or each would be tried as the first.
_ESCAPED_DIGIT = re.compile(
    r"(?:%(?:25)*(?:u00)?|(?<!\\)\\+(?:x|u00))3(\d)|(?<!\\)\\+[ux]\{0*3(\d)\}", re.IGNORECASE
)
_LENGTHS = (16, 15, 14)  # of nearly all cards, where a date or a security code is glued on
_GLUED = 3  # digits at least: fewer are no code and no date
_LEAST, _MOST = 13, 19


class CardNumberError(ValueError):
    """A text that must be kept holds a card's number; the message is for whoever typed it."""


def refuse(*typed: str) -> None:
    """Raise CardNumberError where one of the texts holds a card's number."""
    if any(map(holds, typed)):
        raise CardNumberError(REFUSAL)


def holds(text: str) -> bool:
    """Whether there is a card's number in the text, also once its escapes are read."""
    shown = _shown(text)
    return _holds(text) or (shown != text and _holds(shown))


def mask(text: str, instead: str = "[card number cut, ends in {last4}]") -> str:
    """The text with each card number in it replaced. Where escapes hide one, they are read."""
    text = _masked(text, instead)
    shown = _shown(text)
    return _masked(shown, instead) if shown != text and _holds(shown) else text


def masked(value: Any, cut: Callable[[str], str] = mask) -> Any:
    """JSON-like data with the card numbers in its texts masked, at any depth; or with what `cut`
    cuts of a text."""
    if isinstance(value, str):
        return cut(value)
    if isinstance(value, dict):
        return {key: masked(item, cut) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [masked(item, cut) for item in value]
    return value


def _masked(text: str, instead: str) -> str:
    for read in _readings(text):
        for start, end, digits in reversed(list(_found(text, read))):
            text = text[:start] + instead.format(last4=digits[-4:]) + text[end:]
    return text


def _holds(text: str) -> bool:
    return any(next(_found(text, read), None) for read in _readings(text))


def _shown(text: str) -> str:
    """What a browser or a program makes of a text with its digits escaped."""
    return _ESCAPED_DIGIT.sub(r"\1\2", unescape(unescape(text))) if _ESCAPES & set(text) else text


def _found(text: str, read: Callable[[str], str]) -> Iterator[tuple[int, int, str]]:
    """Where card numbers begin and end, with their digits, from left to right."""
    plain = text if text.isascii() else "".join(map(read, text))
    plain = together(plain)
    for run in _RUN.finditer(plain):
        before = plain[max(0, run.start() - 1) : run.start()]
        after = plain[run.end() : run.end() + 1]
        # A telephone number begins with +, and an id has letters beside its digits.
        named = before == "+" or before.isalpha() or after.isalpha()
        yield from _in_run(run[0], run.start(), named=named)


def _plain(char: str) -> str:
    """A digit of any script, also a full-width, raised or circled one, as 0 to 9."""
    digit = unicodedata.digit(char, None)
    return char if digit is None else str(digit)


def _without_marks(char: str) -> str:
    """The same, but for raised, circled and other digits that are marks beside a number as well as
    parts of one, such as that of a footnote: something between."""
    digit = unicodedata.decimal(char, None)
    mark = digit is None and unicodedata.digit(char, None) is not None
    return " " if mark else char if digit is None else str(digit)


def _readings(text: str) -> Sequence[Callable[[str], str]]:
    return (_plain,) if text.isascii() else (_without_marks, _plain)


def _in_run(run: str, offset: int, *, named: bool) -> Iterator[tuple[int, int, str]]:
    spans, groups, separators = _take_apart(run)
    first = 0
    while first < len(groups):
        for last in _ends(groups, separators, first):
            alone = last == first or (first == 0 and last == len(groups) - 1)
            number = _card(groups[first : last + 1], any_network=alone and not named)
            if number:
                yield offset + spans[first][0], offset + spans[last][1], number
                first = last
                break
        first += 1


def _ends(groups: list[str], separators: list[str], first: int) -> Iterator[int]:
    """With which groups a number may end that begins with this one, by how it is written: in fours
    or more; or digit by digit, pair by pair and the like, with the same between all of them; or,
    where nothing else stands beside them, with the same between all of them.

    It looks no further than one of these goes on: a long run of digits costs no more than its
    length."""
    size, length = len(groups[first]), 0
    fours, even = True, not _goes_on(groups, separators, first)
    for last in range(first, len(groups)):
        if last > first:
            before = len(groups[last - 1])
            fours = fours and before >= 4
            even = even and before == size and separators[last - 1] == separators[first]
        if length >= _MOST or (first and not (fours or even)):
            return
        length += len(groups[last])
        entire = first == 0 and last == len(groups) - 1 and len(set(separators)) == 1
        if length >= _LEAST and (fours or entire or (even and len(groups[last]) <= size)):
            yield last


def _goes_on(groups: list[str], separators: list[str], first: int) -> bool:
    """Whether the group is of the size of the one before it, with the same on both of its sides."""
    if not 0 < first < len(separators):
        return False
    return (len(groups[first - 1]), separators[first - 1]) == (
        len(groups[first]),
        separators[first],
    )


def _take_apart(run: str) -> tuple[list[tuple[int, int]], list[str], list[str]]:
    """The places and digits of a run's groups, and what a reader sees between them."""
    spans: list[tuple[int, int]] = []
    groups: list[str] = []
    separators: list[str] = []
    for group in _GROUP.finditer(run):
        between = run[spans[-1][1] : group.start()] if spans else ""
        seen = "".join(char for char in between if unicodedata.category(char) not in _UNSEEN)
        if spans and (not seen or _SOFT_BREAK.fullmatch(seen)):
            spans[-1] = (spans[-1][0], group.end())
            groups[-1] += group[0]
            continue
        if spans:
            separators.append(seen.strip() or " ")
        spans.append(group.span())
        groups.append(group[0])
    return spans, groups, separators


def _card(groups: list[str], *, any_network: bool) -> str | None:
    """The card number that these groups of digits are: of a network that is known, or of any
    where the digits stand alone, in one piece or in fours."""
    digits = "".join(groups)
    if _LEAST <= len(digits) <= _MOST and digits[0] != "0" and _luhn(digits):
        in_fours = {len(group) for group in groups[:-1]} <= {4}
        if (any_network and in_fours) or _NETWORKS.fullmatch(digits):
            return digits
    for number in (digits[:length] for length in _LENGTHS):
        glued = len(digits) - len(number)
        last_group = _GLUED <= glued < len(groups[-1])
        if last_group and _NETWORKS.fullmatch(number) and _luhn(number):
            return number
        number = digits[glued:]
        first_group = _GLUED <= glued < len(groups[0])
        if first_group and _NETWORKS.fullmatch(number) and _luhn(number):
            return number
    return None


def _luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others."""
    doubled = "0246813579"
    total = sum(
        int(doubled[int(digit)] if place % 2 else digit)
        for place, digit in enumerate(reversed(digits))
    )
    return total % 10 == 0
