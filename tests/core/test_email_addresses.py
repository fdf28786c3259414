"""However an address was typed, it is one."""

from __future__ import annotations

import re
import time

import pytest

from parts.app import REPOSITORY
from payments_app.core.email_addresses import (
    checked,
    compared,
    normal,
    with_ascii_domain,
    without_addresses,
)
from tests.core.email_forms import FORMS, ONE


@pytest.mark.parametrize("typed", FORMS)
def test_each_form_is_read_as_one(typed: str) -> None:
    assert (normal(typed), checked(typed), compared(typed)) == (ONE, ONE, ONE)


def test_the_local_part_keeps_its_case_and_is_compared_without() -> None:
    assert normal("MU\u0308LLER@Example.COM") == "MÜLLER@example.com"
    assert compared("MU\u0308LLER@Example.COM") == "müller@example.com"


@pytest.mark.parametrize("domain", ["corp.local", "cafe.test", "localhost"])
def test_a_domain_of_no_use_on_the_internet_has_one_form_too(domain: str) -> None:
    forms = {normal(f"ada@bu\u0308cher.{domain}"), normal(f"ada@XN--BCHER-KVA.{domain}")}
    assert forms == {f"ada@bücher.{domain}"}


def test_two_domains_that_only_the_older_standard_takes_for_one_are_two() -> None:
    assert compared("ada@faß.example") != compared("ada@fass.example")


@pytest.mark.parametrize(
    "typed",
    ["", "ada", "@", "a@b@c", "ada@", "Ada@xn--a.example", "\ud800@\ud800", "a\0@x.example"],
)
def test_what_is_no_address_is_refused_and_compared_all_the_same(typed: str) -> None:
    assert checked(typed) is None
    assert compared(compared(typed)) == compared(typed) == typed.lower()
    assert with_ascii_domain(typed) == typed


@pytest.mark.parametrize("typed", ["\u0130@x.example", "Ada@Example.com.", "A b@BÜCHER.example"])
def test_the_one_form_is_its_own(typed: str) -> None:
    assert normal(normal(typed)) == normal(typed)
    assert compared(compared(typed)) == compared(normal(typed)) == compared(typed)


def test_every_mail_server_knows_the_domain_in_ascii() -> None:
    assert with_ascii_domain(ONE) == "müller@xn--bcher-kva.example"


def test_nothing_else_brings_addresses_into_a_form() -> None:
    own_way = re.compile(r"email(_validator|\.strip|\.lower|\.casefold)|import idna")
    found = {
        path.name
        for path in (REPOSITORY / "payments_app").rglob("*.py")
        if own_way.search(path.read_text())
    }
    assert found == {"email_addresses.py"}


def test_a_long_word_is_looked_through_once() -> None:
    """Anybody may write one; from each letter on it would take minutes."""
    word = "a" * 300_000
    assert without_addresses(f"{word} ada@example.com") == f"{word} [e-mail address]"


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("a@b@c.example", "a@[e-mail address]"),
        ("a@b.example1x@c.example", "[e-mail address][e-mail address]"),
        (f"<{'a' * 99}@b.example>", "<[e-mail address]>"),
    ],
)
def test_each_address_is_cut_whole(text: str, cut: str) -> None:
    assert without_addresses(text) == cut


def test_what_is_longer_than_any_address_costs_no_more_than_to_read_it() -> None:
    """To put accents in order takes the square of their number."""
    typed = "a@" + "\u0316\u0301" * 60_000
    began = time.process_time()
    compared(typed)
    assert time.process_time() - began < 3
