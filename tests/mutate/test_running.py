"""A mutant in a copy of a small product, whose tests are recorded and then run on it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mutate.__main__ import Outcome, report, run
from mutate.mutants import Mutant, mutants_in
from mutate.record import NotRunnableError, Record, recorded
from mutate.run import Copy, check_unmutated, within_limit

PRICE = "payments_app/price.py"
SOURCE = """
def total(price, count):
    if count > 3:
        return price * count - 1
    return price * count


def tell(told):
    told.append("sold")


LIMIT = 3
"""
TESTS = """
import time
from payments_app.price import LIMIT, tell, total

def test_slow():
    time.sleep(0.2)
    assert total(2, 3) == 6

def test_fast():
    assert total(2, 2) == 4

def test_that_looks_at_nothing():
    tell([])
"""

EVENTS = "payments_app/events.py"
EVENTS_SOURCE = 'EVENTS = {"sale.made": 1, "sale.lost": 2}\n'
TESTS_OF_EVENTS = """
from payments_app.events import EVENTS

def test_made():
    assert "sale.made" in EVENTS
"""

# As on a busy machine: what it does is decided by how often it was run in this copy.
TESTS_UNDER_LOAD = """
import time
from pathlib import Path
from payments_app.price import total

def times(name):
    runs = Path(f"{name}.runs")
    with runs.open("a") as file:
        file.write("x")
    return len(runs.read_text())

def test_that_fails_once():
    assert total(2, 2) and times("once") != 2

def test_that_fails_ever_after():
    assert total(2, 2) and times("after") < 2

def test_that_hangs_twice():
    if times("hangs") in (2, 3):
        time.sleep(60)
"""
LOAD = "tests/load.py"  # not of those that are recorded


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("mutate") / "product"
    for folder in ("payments_app", "tests", "templates", "mutate"):
        (root / folder).mkdir(parents=True)
    (root / PRICE).write_text(SOURCE)
    (root / "payments_app/__init__.py").write_text("")
    (root / "tests/test_price.py").write_text(TESTS)
    (root / EVENTS).write_text(EVENTS_SOURCE)
    (root / "tests/test_events.py").write_text(TESTS_OF_EVENTS)
    (root / LOAD).write_text(TESTS_UNDER_LOAD)
    settings = '[tool.pytest]\npythonpath = ["."]\naddopts = ["--import-mode=importlib"]\n'
    (root / "pyproject.toml").write_text(settings)
    return root


@pytest.fixture(scope="module")
def shared() -> dict[str, str]:
    """So that pytest finds the recorder."""
    return {
        "PYTHONPATH": f"{Path(__file__).parents[2]}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    }


@pytest.fixture(scope="module")
def record(product: Path, shared: dict[str, str]) -> Iterator[Record]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(product.with_name("cache")))
        yield recorded(product, shared, processes=0)


@pytest.fixture
def copy(product: Path, tmp_path: Path) -> Copy:
    return Copy(product, tmp_path / "copy", {})


def mutant(old: str, kind: str) -> Mutant:
    return next(m for m in mutants_in(SOURCE, PRICE) if m.old == old and m.kind == kind)


DELETED = mutant('told.append("sold")', "delete")
NEGATED = mutant("count > 3", "negate")


def under_load(name: str) -> list[str]:
    return [f"{LOAD}::{name}"]


def names(tests: list[str]) -> list[str]:
    return [test.rpartition("::")[2] for test in tests]


def test_the_tests_of_a_mutant_run_its_line_and_the_fastest_is_first(record: Record) -> None:
    assert names(record.tests_of(NEGATED)) == ["test_fast", "test_slow"]


def test_a_line_that_no_test_runs_has_the_tests_of_its_file(record: Record) -> None:
    assert len(record.tests_of(mutant("3", "constant"))) == 2
    at_import = [m for m in mutants_in(SOURCE, PRICE) if m.old == "3" and not m.function]
    assert len(record.tests_of(at_import[0])) == 3


def test_of_a_file_that_runs_at_import_alone_the_tests_import_it(record: Record) -> None:
    made, lost = (
        next(m for m in mutants_in(EVENTS_SOURCE, EVENTS) if m.old == f'"sale.{word}"')
        for word in ("made", "lost")
    )
    assert names(record.tests_of(made)) == names(record.tests_of(lost)) == ["test_made"]


def test_what_was_recorded_is_kept_for_the_same_code(
    product: Path, record: Record, capsys: pytest.CaptureFixture[str]
) -> None:
    again = recorded(product, {}, processes=0)
    assert capsys.readouterr().out == ""
    assert again.tests_of(NEGATED)


def test_after_a_change_of_a_file_of_tests_the_others_are_not_run_again(
    record: Record, product: Path, shared: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    file = product / "tests/test_events.py"
    before = file.read_text()
    file.write_text(
        f"{before}\ndef test_told():\n    __import__('payments_app.price').price.tell([])\n"
    )
    again = recorded(product, shared, processes=0)
    file.write_text(before)
    said = capfd.readouterr().out
    assert "Recording which test of 1 files" in said
    assert "2 passed" in said
    assert set(names(again.tests_of(DELETED))) == {"test_that_looks_at_nothing", "test_told"}
    assert names(again.tests_of(NEGATED)) == names(record.tests_of(NEGATED))


def test_a_mutant_is_noticed_by_the_first_test_that_fails(record: Record, copy: Copy) -> None:
    noticed = copy.killer(NEGATED, record.tests_of(NEGATED), record)
    assert noticed == "FAILED tests/test_price.py::test_fast"


def test_a_mutant_that_every_test_passes_survives_and_leaves_no_trace(
    record: Record, copy: Copy, tmp_path: Path
) -> None:
    assert copy.killer(DELETED, record.tests_of(DELETED), record) is None
    assert (tmp_path / "copy" / PRICE).read_text() == SOURCE


def test_a_mutant_on_which_the_tests_hang_is_noticed(
    record: Record, copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mutate.run.START_SECONDS", 3)
    forever = Mutant(
        PRICE,
        "tell",
        "delete",
        SOURCE.index("told.app"),
        "told.append",
        "while True: __import__('time').sleep(1)\n    told.append",
        (8, 8),
    )
    assert copy.killer(forever, record.tests_of(forever), record) == "time-out"


def test_a_test_that_fails_on_the_mutant_by_chance_has_not_noticed_it(
    record: Record, copy: Copy
) -> None:
    assert copy.failure(under_load("test_that_fails_once"), record) is None
    assert copy.killer(DELETED, under_load("test_that_fails_once"), record) is None


def test_a_test_that_fails_without_the_mutant_too_is_left_out(record: Record, copy: Copy) -> None:
    assert copy.failure(under_load("test_that_fails_ever_after"), record) is None
    tests = [*under_load("test_that_fails_ever_after"), "tests/test_price.py::test_fast"]
    assert copy.killer(NEGATED, tests, record) == "FAILED tests/test_price.py::test_fast"


def test_tests_that_hang_without_the_mutant_too_are_given_more_time(
    record: Record, copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mutate.run.START_SECONDS", 3)
    monkeypatch.setattr("mutate.run.MOST_TIMES", 64)  # this machine may be busy, too
    assert copy.failure(under_load("test_that_hangs_twice"), record, 64) is None
    assert copy.killer(DELETED, under_load("test_that_hangs_twice"), record) is None


def test_of_a_mutant_whose_tests_never_end_nothing_is_said(
    record: Record,
    copy: Copy,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    product: Path,
) -> None:
    monkeypatch.setattr("mutate.run.START_SECONDS", 0.01)
    monkeypatch.setattr("mutate.__main__.CONTROLS", 0)
    monkeypatch.setattr(record, "_seconds", dict.fromkeys(record._seconds, 0.0))
    outcome = run([NEGATED], [copy], record, time.monotonic() + 60)
    report(outcome, product)
    assert (list(outcome.not_run), outcome.is_good) == ([NEGATED], False)
    assert "not run, its tests do not end without it either" in capsys.readouterr().out


def test_tests_that_fail_without_a_mutant_stop_everything(record: Record, copy: Copy) -> None:
    with pytest.raises(NotRunnableError, match="test_gone"):
        check_unmutated(copy, ["tests/test_price.py::test_gone"], record)


def test_slow_tests_are_left_out_once_there_are_enough(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mutate.run.FIRST", 1)
    monkeypatch.setattr("mutate.run.MOST_SECONDS", 0.1)
    tests = record.tests_of(NEGATED)
    assert names(within_limit(tests, record)) == ["test_fast"]


def test_a_round_tells_the_killed_from_the_survivors(
    product: Path, record: Record, copy: Copy, capsys: pytest.CaptureFixture[str]
) -> None:
    mutants = [NEGATED, DELETED]
    outcome = run(mutants, [copy], record, time.monotonic() + 600)
    report(outcome, product)
    assert (list(outcome.killed), list(outcome.survived)) == (mutants[:1], mutants[1:])
    assert not outcome.is_good
    said = capsys.readouterr().out
    assert '-    told.append("sold")\n+    pass\nno test noticed it, of 1 that run it' in said
    assert "1 of 2 mutants noticed (50%)" in said


def test_what_the_time_did_not_suffice_for_is_no_success(record: Record, copy: Copy) -> None:
    outcome = run([NEGATED], [copy], record, time.monotonic())
    assert (len(outcome.not_run), outcome.is_good) == (1, False)


def test_nine_of_ten_are_enough() -> None:
    found = mutants_in(SOURCE * 3, PRICE)[:10]
    assert Outcome(killed=dict.fromkeys(found[:9], "x"), survived={found[9]: 1}).is_good
    assert not Outcome(killed=dict.fromkeys(found[:8], "x"), survived={found[9]: 1}).is_good


def test_a_recording_without_a_test_that_passed_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(NotRunnableError, match="no test"):
        recorded(tmp_path, {}, processes=0)
    assert not (tmp_path / "cache").exists()
