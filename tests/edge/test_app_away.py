"""What nginx says while no app answers behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from parts.nginx import Nginx
from parts.ports import free_port
from tests.edge.visitor import PAGE, PROGRAM, Visitor


@pytest.fixture(scope="module")
def nginx(release: Path) -> Iterator[Nginx]:
    with Nginx(release.parent / "alone", release, free_port()) as server:
        yield server


def test_a_person_sees_a_page_in_the_site_s_look(visitor: Visitor) -> None:
    answer = visitor.ask("/checkout/field-notes", PAGE)
    assert answer.status == 503
    assert "Temporarily unavailable" in answer.text
    assert "Corner Shop" in answer.text


def test_the_page_s_own_style_still_loads(visitor: Visitor) -> None:
    assert visitor.ask(visitor.hashed()).status == 200


def test_a_program_gets_the_envelope(visitor: Visitor) -> None:
    answer = visitor.ask("/api/v1/products", PROGRAM)
    assert answer.status == 503
    assert answer.headers["Content-Type"].startswith("application/json")
    assert json.loads(answer.body)["error"]["code"] == "unavailable"


@pytest.mark.parametrize("kind", [PAGE, PROGRAM], ids=["page", "program"])
def test_nobody_stores_it_and_everybody_learns_when_to_ask_again(
    visitor: Visitor, kind: dict[str, str]
) -> None:
    headers = visitor.ask("/", kind).headers
    assert headers.get_all("Cache-Control") == ["no-store"]
    assert headers["Retry-After"] == "5"
    assert headers["Strict-Transport-Security"].startswith("max-age=63072000")
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_a_payment_that_met_no_app_is_not_called_failed(visitor: Visitor) -> None:
    answer = visitor.ask("/transactions", PAGE, "POST", b"item=field-notes")
    assert answer.status == 503
    assert "check your payment's page before you try again" in answer.text
    assert "failed" not in answer.text


@pytest.mark.parametrize(
    ("asks", "words", "language"),
    [
        ({"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}, "Vorübergehend nicht verfügbar", "de"),
        ({"Accept-Language": "en-GB,de;q=0.5"}, "Temporarily unavailable", "en"),
        ({"Accept-Language": "fr"}, "Temporarily unavailable", "en"),
        ({"Accept-Language": "en", "Cookie": "a=b; __Host-lang=de"}, "Vorübergehend", "de"),
        ({"Accept-Language": "de", "Cookie": "__Host-lang=en; a=b"}, "Temporarily", "en"),
    ],
)
def test_it_is_said_in_the_language_that_was_chosen_or_that_the_browser_prefers(
    visitor: Visitor, asks: dict[str, str], words: str, language: str
) -> None:
    answer = visitor.ask("/checkout/field-notes", PAGE | asks)
    assert answer.status == 503
    assert words in answer.text
    assert f'<html lang="{language}"' in answer.text
    body = json.loads(visitor.ask("/", PROGRAM | asks).body)
    assert body["error"]["message"].startswith("This is temporarily unavailable.")
