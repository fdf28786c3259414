"""A card's number that is told in parts: words, marks or a program's escapes stand between them.

Only what a reader would put together again is, by the shape of its parts: numbers in a sentence are
mostly no card's.
"""

from __future__ import annotations

import re

# What a mail, a browser or a program makes of a space or of a dash, each byte by itself.
_ESCAPE = (
    r"(?:&(?:amp;)*#?\w{1,8};|%(?:25)*[0-9a-f]{2}|=[0-9a-f]{2}"
    r"|\\+(?:u[0-9a-f]{4}|x[0-9a-f]{2})){1,4}"
)
_ESCAPED = rf"{_ESCAPE}|(?:\s{{0,3}}<[^<>]{{1,200}}>){{1,4}}\s{{0,3}}"
# As nearly all cards' numbers begin. Years and hours begin with other digits.
_BEGINS = r"(?<!\d)(?=[3-6]\d{3}|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)"
_BETWEEN = rf"{_ESCAPED}|\D{{1,20}}"
# A card's own groups, and the same between them, which has letters or digits of its own.
_WRITTEN = re.compile(
    rf"(?<!\d)(?:\d{{4}}({_BETWEEN})\d{{4}}\1\d{{4}}\1\d{{4}}|\d{{4}}({_BETWEEN})\d{{6}}\2\d{{5}}"
    rf"|\d{{8}}({_ESCAPED}|[^\d\s]{{1,4}})\d{{8}})(?!\d)",
    re.IGNORECASE,
)
# Single digits or pairs, and the same between all: "4x2x4x2...", "42&nbsp;42&nbsp;...". A list of
# sizes has a blank beside its letters: "41mm, 42mm, 43mm".
_SMALL = re.compile(
    rf"(?<!\d)(?:\d({_ESCAPED}|\D{{1,12}})\d(?:\1\d){{11,}}"
    rf"|\d\d({_ESCAPE}|[^\W\d_]{{1,4}})\d\d(?:\2\d\d){{5,}})(?!\d)",
    re.IGNORECASE,
)
# Fours with escapes between them, each with its own, and those that end a chat's lines, of which
# each begins with its time: "[12:01:59] Ann: 4242".
_LINE = r"[^\w\n]{0,2}\n[^\n]{0,30}?\d:\d\d[^\n]{0,30}?(?<!\d)"
_FOURS = re.compile(
    "|".join(
        rf"{_BEGINS}(\d{{4}})(?:{between})(\d{{4}})(?:{between})(\d{{4}})(?:{between})(\d{{4}})(?!\d)"
        for between in (_ESCAPED, _LINE)
    ),
    re.IGNORECASE,
)
# Fours that are numbered: "1) 4242 2) 4242 3) 4242 4) 4242", "card[0]=4242&card[1]=4242&...".
_NUMBERED = re.compile(
    r"(?:(?<!\w)a|(?<!\d)(?:1|(0)))([\W_]{1,4})\d{4}(\D{1,14})(?(1)1|[2b])\2\d{4}"
    r"\3(?(1)2|[3c])\2\d{4}\3(?(1)3|[4d])\2\d{4}(?!\d)",
    re.IGNORECASE,
)
# Fours with a word before each after the first: "first four 4242, next four 4242, next 4: 4242,
# last four 4242", "1st 4242 2nd 4242 3rd 4242 4th 4242".
_NEXT = (
    r"\D{0,16}\b(?:second|third|fourth|2nd|3rd|4th|next|then|last|finally|end(?:s|ing)?"
    r"|zweite|dritte|vierte|n\u00e4chsten?|danach|dann|letzten?|endet)\b"
    r"\D{1,16}(?:4\D{1,12})?"
)
_TOLD = re.compile(rf"(?<!\d)\d{{4}}(?:{_NEXT}\d{{4}}){{3}}(?!\d)", re.IGNORECASE)
# The last four or five behind words: "4242 4242 4242, last four digits: 4242", "3782 822463, ending
# in 10005".
_ENDING = re.compile(
    r"(?<!\d)(\d{10,12}|\d{4}([\W_]{1,3})(?:\d{4}\2\d{4}|\d{6}))(?!\d)"
    r"\D{0,12}\b(?:last|end(?:s|ing)?|letzten?|endet)\b\D{1,24}(?:[45]\D{1,20})?(\d{4,5})(?!\d)",
    re.IGNORECASE,
)
# Two parts in one piece each, the second one named: "first 8 digits 42424242, last 8 digits
# 42424242", "424242, the rest is 4242424242".
_PARTS = re.compile(
    r"(?<!\d)([2-6]\d{5}|[2-6]\d{7}|[2-6]\d{9}|[2-6]\d{11})(?!\d)(\D{1,12})"
    r"\b(?:and|plus|second|then|next|followed|rest|last|end(?:s|ing)?"
    r"|und|dann|danach|gefolgt|zweite|letzten?)\b"
    r"\D{1,24}(?:\d{1,2}\D{1,20})?"
    r"(?<!\d)(\d{4}|\d{6}|\d{8}|\d{10})(?!\d)",
    re.IGNORECASE,
)
# Groups that are listed: "4242, 4242, 4242 and 4242", "4242 then 4242 then 4242 and 4242", "4242
# and 4242 4242 4242", "3782 then 822463 and 10005".
_LISTED = re.compile(
    _BEGINS + r"(?:\d{4}(\D{1,12})\d{4}\1\d{4}\D{1,12}\d{4}"
    r"|\d{4}\D{1,12}\d{4}([\W_]{1,3})\d{4}\2\d{4}"
    r"|3[47]\d{2}\D{1,12}\d{6}\D{1,12}\d{5})(?!\d)"
)
# Halves of two fours each: "4242 4242 and then 4242 4242".
_HALVES = re.compile(
    _BEGINS + r"(\d{4}([\W_]{1,3})\d{4})\D{1,20}"
    r"(\d{4}\2\d{4})(?!\d)"
)
_FOUR = re.compile(r"\d{4}")
_NO_DIGIT = re.compile(r"\D")


def together(plain: str) -> str:
    """The text with each number's parts where they were, and spaces alone between them."""
    plain = _TOLD.sub(_fours, plain)
    for apart in (_ENDING, _PARTS, _HALVES):
        plain = apart.sub(_two, plain)
    plain = _LISTED.sub(lambda written: _NO_DIGIT.sub(" ", written[0]), plain)
    plain = _FOURS.sub(_alone, plain)
    return _NUMBERED.sub(_fours, _WRITTEN.sub(_spaced, _SMALL.sub(_small, plain)))


def _spaced(written: re.Match[str]) -> str:
    """The same groups at the same places, with spaces between them."""
    between = written[1] or written[2] or written[3]
    return written[0].replace(between, " " * len(between))


def _small(written: re.Match[str]) -> str:
    """The digits at their places, with spaces between them."""
    between = written[1] or written[2]
    return written[0].replace(between, " " * len(between))


def _two(written: re.Match[str]) -> str:
    """The first digits and the last at their places, with spaces between them."""
    between = written.start(3) - written.end(1)
    return f"{written[1]}{' ' * between}{written[3]}"


def _alone(written: re.Match[str]) -> str:
    """The groups alone at their places, with spaces between them."""
    made = [" "] * len(written[0])
    for group in range(1, written.re.groups + 1):
        start, end = (place - written.start() for place in written.span(group))
        made[max(0, start) : max(0, end)] = written[group] or ""
    return "".join(made)


def _fours(written: re.Match[str]) -> str:
    """The fours alone at their places, with spaces between them."""
    made = [" "] * len(written[0])
    for four in _FOUR.finditer(written[0]):
        made[four.start() : four.end()] = four[0]
    return "".join(made)
