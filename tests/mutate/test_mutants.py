"""Which faults are put into a file, and how they read."""

from __future__ import annotations

import pytest

from mutate.mutants import Mutant, mutants_in

PATH = "payments_app/orders/place.py"


def found(source: str, kind: str | None = None) -> list[str]:
    """Each as the whole file would be."""
    mutants = mutants_in(source, PATH)
    return [m.apply(source) for m in mutants if kind in (None, m.kind)]


def only(source: str) -> Mutant:
    (mutant,) = mutants_in(source, PATH)
    return mutant


@pytest.mark.parametrize(
    ("source", "mutant"),
    [
        ("session.delete(row)", "pass"),
        ("row.state = found", "pass"),
        ("row.tries += step", "pass"),
        ("del row[key]", "pass"),
        ("raise error", "pass"),
    ],
)
def test_a_statement_with_an_effect_is_deleted(source: str, mutant: str) -> None:
    assert found(source, "delete") == [mutant]


def test_a_local_name_is_not_deleted_since_anything_would_notice() -> None:
    assert found("name = find(row)", "delete") == []


def test_an_early_return_is_deleted_and_the_last_one_is_not() -> None:
    source = "def f(a):\n    if a:\n        return b\n    return c\n"
    assert found(source, "delete") == [source.replace("return b", "pass")]


@pytest.mark.parametrize(
    ("source", "mutants"),
    [
        ("a == b", ["a != b"]),
        ("a is not b", ["a is b"]),
        ("a not  in b", ["a in b"]),
        ("x = (a) < (b)", ["x = (a) > (b)", "x = (a) <= (b)"]),
    ],
)
def test_a_comparison_is_swapped(source: str, mutants: list[str]) -> None:
    assert found(source, "compare") == mutants


def test_moments_are_never_equal_so_only_their_direction_is_swapped() -> None:
    assert found("row.due_at <= now", "compare") == ["row.due_at >= now"]


@pytest.mark.parametrize(
    ("source", "mutant"),
    [
        ("x = 1", "x = 2"),
        ("x = 3600", "x = 0"),
        ("x = True", "x = False"),
        ("x = 'failed'", "x = 'failed_'"),
    ],
)
def test_a_constant_is_changed(source: str, mutant: str) -> None:
    assert found(source, "constant") == [mutant]


@pytest.mark.parametrize("source", ["x = 'A sentence.'", "x = None", "x = f'{a} failed'", "'doc'"])
def test_words_for_people_are_left_alone(source: str) -> None:
    assert found(source, "constant") == []


def test_each_condition_of_a_query_is_dropped_alone() -> None:
    source = "q.where(Card.owner == owner, Card.id == card)"
    assert found(source, "where") == ["q.where(Card.id == card)", "q.where(Card.owner == owner)"]


def test_an_only_condition_goes_with_its_where() -> None:
    source = "x = (update(Card).where(Card.id == card).values(a=b))"
    assert found(source, "where") == ["x = (update(Card).values(a=b))"]


def test_several_conditions_named_by_a_star_are_dropped_together() -> None:
    assert found("q.where(a, *OPEN)", "where") == ["q.where(*OPEN)", "q.where(a)"]


@pytest.mark.parametrize(
    ("source", "mutant"),
    [
        ("if a:\n    b = c", "if (not (a)):\n    b = c"),
        ("if not a:\n    b = c", "if (a):\n    b = c"),
        ("x = a if b else c", "x = a if (not (b)) else c"),
        ("x = [a for a in b if c]", "x = [a for a in b if (not (c))]"),
    ],
)
def test_an_if_is_negated(source: str, mutant: str) -> None:
    assert found(source, "negate") == [mutant]


@pytest.mark.parametrize(
    "source",
    [
        "log.info('paid', extra)",
        "__tablename__ = 'pay_cards'",
        "name: Mapped[str] = mapped_column(String(40))",
        "from a import b",
        "if TYPE_CHECKING:\n    import a",
    ],
)
def test_what_no_test_should_hold_still_is_left_alone(source: str) -> None:
    assert found(source) == []


def test_the_access_of_a_view_and_the_defaults_of_a_function_are_changed_too() -> None:
    source = "@staff('refund')\ndef view(limit=50):\n    return limit\n"
    assert found(source) == [source.replace("50", "0"), source.replace("refund", "refund_")]


def test_a_mutant_names_its_function_and_the_lines_that_reach_it() -> None:
    source = "class Card:\n    def take(self):\n        self.give(\n            back,\n        )\n"
    mutant = only(source)
    assert (mutant.function, mutant.lines, mutant.package) == ("Card.take", (3, 5), "orders")


def test_an_ifs_condition_is_reached_by_its_first_line_whatever_its_body_does() -> None:
    negated = [m for m in mutants_in("if a:\n    pass\n    pass\n", PATH) if m.kind == "negate"]
    assert [m.lines for m in negated] == [(1, 1)]


def test_letters_outside_ascii_do_not_move_a_mutant() -> None:
    assert only("x = 'Größe: ', n == m").apply("x = 'Größe: ', n == m") == "x = 'Größe: ', n != m"


def test_a_survivor_reads_as_a_diff_with_its_place() -> None:
    source = "def f():\n    session.delete(row)\n"
    assert only(source).diff(source) == (
        f"{PATH}:2 f [delete]\n-    session.delete(row)\n+    pass"
    )


def test_a_change_elsewhere_does_not_change_the_rank_of_a_mutant() -> None:
    before = only("def f():\n    a == b\n")
    after = only("import c\n\n\ndef f():\n    a == b\n")
    assert before.rank(14) == after.rank(14)
    assert before.rank(14) != before.rank(15)


def test_two_places_that_read_the_same_are_two_mutants() -> None:
    first, second = mutants_in("a == b\na == b\n", PATH)
    assert first.rank(14) != second.rank(14)
