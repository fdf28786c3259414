"""How an answer of the stand-in differs from the one that Stripe gave: in its fields, their types,
its words (statuses, codes, types of objects), what is true and false, and how many items a list
has. Ids, times, amounts and text for people are nobody's business here: the tests assert them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

_WORD = re.compile(r"[a-z]+([_.][a-z]+)*")
# Between Stripe and its own script; of what else lies in the account.
_NOT_COMPARED = {"use_stripe_sdk", "has_more"}


def answer_differences(
    recorded: list[dict[str, Any]], answered: list[dict[str, Any]]
) -> Iterator[str]:
    """Each names its place. Both lists are a test's answers, as a `Recorder` keeps them."""
    for number, (theirs, ours) in enumerate(zip_longest(recorded, answered, fillvalue={}), 1):
        for name in ("call", "status", "replayed"):
            if theirs.get(name) != ours.get(name):
                yield f"{number}. {name} is {ours.get(name)}, at Stripe {theirs.get(name)}"
                break
        else:
            yield from differences(theirs["body"], ours["body"], f"{number}. {ours['call']}: body")


def differences(theirs: Any, ours: Any, where: str) -> Iterator[str]:
    if isinstance(theirs, dict) and isinstance(ours, dict):
        yield from (f"{where}.{name} is missing" for name in theirs.keys() - ours.keys())
        yield from (f"{where}.{name} is not at Stripe" for name in ours.keys() - theirs.keys())
        for name in (theirs.keys() & ours.keys()) - _NOT_COMPARED:
            yield from differences(theirs[name], ours[name], f"{where}.{name}")
    elif isinstance(theirs, list) and isinstance(ours, list):
        if len(theirs) != len(ours):
            yield f"{where} has {len(ours)} items, at Stripe {len(theirs)}"
        for number, pair in enumerate(zip(theirs, ours, strict=False)):
            yield from differences(*pair, f"{where}[{number}]")
    elif type(theirs) is not type(ours):
        yield f"{where} is {type(ours).__name__}, at Stripe {type(theirs).__name__}"
    elif theirs != ours and (isinstance(ours, bool) or _is_word(theirs)):
        yield f"{where} is {ours!r}, at Stripe {theirs!r}"


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and _WORD.fullmatch(value) is not None
