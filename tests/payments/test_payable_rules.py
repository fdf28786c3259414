"""A kind of payable that could not be paid for is refused as its class is defined."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Integer, String, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, mapped_column

from payments_app import new_id
from payments_app.core.money import Money
from payments_app.payments import payable
from payments_app.payments.payable import Payable
from payments_app.payments.payable_rules import check_id

TEXT_KEY = "needs one primary key, `id`, of text"


class Trimmed(TypeDecorator[str]):
    impl = String(40)
    cache_ok = True


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test defines is forgotten."""
    monkeypatch.setattr(payable, "_KINDS", dict(payable._KINDS))


def define(**said: Any) -> type:
    """A kind of payable as most are, but for what is `said`; None: that is left out."""
    usual = {
        "__tablename__": "stays",
        "payable_type": "stay",
        "payable_prefix": "sty",
        "id": mapped_column(String(40), primary_key=True),
        "price": property(lambda _: Money(4200, "usd")),
        "payment_description": property(lambda _: "A stay"),
    }
    whole = {name: value for name, value in (usual | said).items() if value is not None}
    tables_of_its_own = type("Base", (DeclarativeBase,), {})
    return type("Stay", (Payable, tables_of_its_own), whole)


def test_one_as_most_are_is_taken() -> None:
    assert define() is payable.payable_kinds()["stay"]


@pytest.mark.parametrize("key", [("number", String(40)), (Trimmed,)], ids=["renamed", "decorated"])
def test_so_is_one_with_a_text_key_of_another_form(key: tuple[Any, ...]) -> None:
    assert define(id=mapped_column(*key, primary_key=True))


@pytest.mark.parametrize(
    "said",
    [
        {"id": mapped_column(Integer, primary_key=True)},
        {"id": mapped_column(String(40)), "number": mapped_column(String(40), primary_key=True)},
        {
            "id": mapped_column(String(40), primary_key=True),
            "house": mapped_column(String(40), primary_key=True),
        },
    ],
    ids=["numbers", "another column", "two columns"],
)
def test_one_whose_key_names_no_page_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=TEXT_KEY):
        define(**said)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"payable_type": None}, "Stay needs a payable_type such as .* it says None"),
        ({"payable_type": "a stay"}, "Stay needs a payable_type"),
        ({"payable_prefix": None}, "Stay needs a payable_prefix"),
        ({"payable_prefix": "sty_"}, "Stay needs a payable_prefix .* it says 'sty_'"),
        ({"price": None}, "Stay needs a property price of its own"),
        ({"payment_description": None}, "Stay needs a property payment_description of its own"),
        ({"price": mapped_column(Integer)}, "Stay.price is a column of numbers"),
        ({"payable_type": "order"}, "has the type or the prefix of Order"),
        ({"payable_prefix": "ord"}, "has the type or the prefix of Order"),
    ],
)
def test_one_that_does_not_say_what_it_must_is_refused(said: dict[str, Any], words: str) -> None:
    with pytest.raises(TypeError, match=words):
        define(**said)


@pytest.mark.parametrize("said", [None, 3, "sty", "sty_", f"bkg_{26 * 'a'}", f"sty_{40 * 'a'}"])
def test_an_id_that_no_page_is_found_by_is_refused(said: object) -> None:
    with pytest.raises(ValueError, match="is no id of a payable"):
        check_id(said, "sty")


def test_an_id_that_can_be_guessed_is_refused() -> None:
    for said in ("sty_1", "sty_" + "a" * 15):
        with pytest.raises(ValueError, match="can be guessed"):
            check_id(said, "sty")
    check_id("sty_" + "a" * 16, "sty")
    check_id(new_id("sty"), "sty")
