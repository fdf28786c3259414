"""`make pictures` takes each page of a buyer, in each of its states, and each mail."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from payments_app.payments.phases import Phase
from payments_app.subscriptions.changes import CHANGES
from payments_app.subscriptions.models import SubscriptionStatus
from tests.browser import every_picture as pictures
from tests.languages.visits import buyers_templates

HERE = Path(__file__).parent
PART = re.compile(r"(.*/)?_|components/|.*\.txt$")  # of a page, or the mail's other form


def test_each_template_and_each_mail_has_a_picture() -> None:
    whole = {name for name in buyers_templates() if not PART.match(name)}
    assert whole == set(pictures.PAGES) | set(pictures.MAILS)
    assert all((pictures.PAGES | pictures.MAILS).values())


def test_each_state_has_one() -> None:
    assert set(pictures.PHASES) == set(Phase)
    assert set(pictures.STATUSES) == set(SubscriptionStatus)
    assert set(pictures.CHANGES) == set(CHANGES)


def test_each_of_them_is_taken_by_make_pictures() -> None:
    taken = set(_named())
    assert {name for name in pictures.ALL if name not in taken} == set()
    makefile = (HERE.parents[1] / "Makefile").read_text()
    for path in HERE.glob("test_pictures*.py"):
        assert path.name in makefile


def _named() -> Iterator[str]:
    """What the tests of pictures call theirs: as it stands, or behind what an f-string begins
    with."""
    for path in HERE.glob("test_pictures*.py"):
        tree = list(ast.walk(ast.parse(path.read_text())))
        strings = [each.value for each in tree if isinstance(each, ast.Constant)]
        words = [str(word).replace("_", "-") for word in strings]
        first = [each.values[0] for each in tree if isinstance(each, ast.JoinedStr)]
        for begin in ("", *(str(each.value) for each in first if isinstance(each, ast.Constant))):
            yield from (f"{begin}{word}" for word in words)
