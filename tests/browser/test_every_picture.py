"""`make pictures` takes each page of a buyer, in each of its states, and each mail."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from pathlib import Path
from types import ModuleType

from payments_app.checkout import failure, script_words
from payments_app.core.language import LANGUAGES
from payments_app.payments.phases import Phase
from payments_app.subscriptions.changes import CHANGES
from payments_app.subscriptions.models import SubscriptionStatus
from tests.browser import every_picture as pictures
from tests.browser.pictures import said_of
from tests.docs.test_experience import PAGE
from tests.languages.visits import buyers_templates

HERE = Path(__file__).parent
TEMPLATES = HERE.parents[1] / "templates"
PART = re.compile(r"(.*/)?_|components/|.*\.txt$")  # of a page, or the mail's other form


def test_each_template_and_each_mail_has_a_picture() -> None:
    whole = {name for name in buyers_templates() if not PART.match(name)}
    assert whole == set(pictures.PAGES) | set(pictures.MAILS)
    assert all(pictures.PAGES.values())
    assert all(len(names) == len(LANGUAGES) for names in pictures.MAILS.values())


def test_each_state_has_one() -> None:
    assert set(pictures.PHASES) == set(Phase)
    assert set(pictures.STATUSES) == set(SubscriptionStatus)
    assert set(pictures.CHANGES) == set(CHANGES)


def test_each_heading_of_a_failure_has_one() -> None:
    said = words_in(failure)
    headings = {words for words in said if not words.endswith(".")}
    assert headings - {"See that payment"} == set(pictures.FAILURES)


def test_each_note_beside_a_state_has_one() -> None:
    page = (TEMPLATES / "checkout" / "status.html").read_text()
    assert set(re.findall(r'data-note="(\w+)"', page)) == set(pictures.NOTES)


def test_each_reason_why_a_file_is_gone_has_one() -> None:
    page = (TEMPLATES / "downloads" / "gone.html").read_text()
    assert set(re.findall(r'^  "(\w+)": _\(', page, re.MULTILINE)) == set(pictures.GONE)


def test_each_sentence_of_a_script_has_one() -> None:
    said = re.findall(r'^    "(\w+)": Words\(', inspect.getsource(script_words), re.MULTILINE)
    assert set(said) == set(pictures.SCRIPT_WORDS)


def test_each_point_of_the_experience_that_can_be_seen_has_one() -> None:
    of_buyers = PAGE[: PAGE.index("## Support staff")]
    points = {int(number) for number in re.findall(r"^\| (\d+) \|", of_buyers, re.MULTILINE)}
    assert points == set(pictures.POINTS) | pictures.UNSEEN
    assert set(pictures.POINTS).isdisjoint(pictures.UNSEEN)
    assert set(pictures.POINTS.values()) <= pictures.ALL


def test_each_of_them_is_taken_once_by_make_pictures() -> None:
    files = "tests/browser/test_pictures*.py"
    assert f"pytest {files} " in (HERE.parents[1] / "Makefile").read_text()
    taken: list[str] = []
    for path in sorted(HERE.parents[1].glob(files)):
        module = importlib.import_module(f"tests.browser.{path.stem}")
        tests = [each for name, each in vars(module).items() if name.startswith("test_")]
        taken += [name for test in tests for name in said_of(test)]
    assert sorted(taken) == sorted(pictures.ALL)


def words_in(module: ModuleType) -> set[str]:
    """Each sentence that a module says to buyers."""
    tree = ast.walk(ast.parse(inspect.getsource(module)))
    calls = [one for one in tree if isinstance(one, ast.Call)]
    said = [call.args[0] for call in calls if getattr(call.func, "id", "") == "Words"]
    return {str(ast.literal_eval(words)) for words in said}
