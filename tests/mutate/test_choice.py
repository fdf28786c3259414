"""Which mutants are run, and which are explained."""

from __future__ import annotations

from pathlib import Path

import pytest

from mutate.choice import EQUIVALENT, MOST_EQUIVALENT, chosen, equivalents, key_of
from mutate.mutants import mutants_of

ROOT = Path(__file__).parents[2]
FILES = {
    "payments_app/orders/place.py": "def f():\n    a == b\n    c.where(d)\n    x = 1 if g else h\n",
    "payments_app/core/money.py": "def f():\n    a == b\n    x = 2\n    session.delete(row)\n",
    "payments_app/cli.py": "x = 3\n",
}


@pytest.fixture
def product(tmp_path: Path) -> Path:
    for name, source in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(source)
    return tmp_path


def test_the_same_seed_chooses_the_same_mutants(product: Path) -> None:
    assert chosen(product, 4, seed=1) == chosen(product, 4, seed=1)
    assert chosen(product, 4, seed=1) != chosen(product, 4, seed=2)


def test_every_package_has_one(product: Path) -> None:
    assert {m.package for m in chosen(product, 3, seed=1)} == {"orders", "core", "cli"}


def test_every_kind_has_one_after_that(product: Path) -> None:
    kinds = {m.kind for m in chosen(product, 8, seed=1)}
    assert kinds == {"compare", "where", "negate", "constant", "delete"}


def test_there_are_no_more_than_were_asked_for(product: Path) -> None:
    assert len(chosen(product, 4, seed=1)) == 4


def test_what_would_not_compile_is_not_chosen(product: Path) -> None:
    (product / "payments_app/cli.py").write_text("def f(x):\n    for x.y in z:\n        break\n")
    everything = len(mutants_of(product))
    assert all(
        m.compiles((product / m.path).read_text()) for m in chosen(product, everything, seed=1)
    )


def test_each_explained_mutant_is_one_that_can_be_chosen() -> None:
    known = {key_of(mutant) for mutant in mutants_of(ROOT)}
    assert [place for place in equivalents() if place not in known] == []


def test_few_mutants_are_explained_and_each_with_a_reason() -> None:
    explained = equivalents(EQUIVALENT)
    assert len(explained) <= MOST_EQUIVALENT
    assert all(len(why) > 20 for why in explained.values())
