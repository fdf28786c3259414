"""A question before a payment, for whoever had too many cards declined."""

from __future__ import annotations

import re
import secrets
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from parts.ports import free_port
from payments_app.checkout import challenge
from payments_app.checkout.challenge import MOST
from payments_app.checkout.velocity_fingerprints import CheckoutMark
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.web import links
from payments_app.ops.clean_up import clean_up
from payments_app.payments.models import Transaction
from tests.checkout.checkout_client import FIELD, Counter
from tests.checkout.keyed import buy, named

pytestmark = pytest.mark.portable
NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen"
).split()
ASKED = re.compile(r"What is (\w+) plus (\w+)\?")


@pytest.fixture
def settings(settings: dict[str, str]) -> dict[str, str]:
    return settings | {"CHECKOUT_CHALLENGE": "auto"}


@atomic
def _decline_all(session: Session) -> None:
    declined = {"phase": "failed", "state": "failed", "error_code": "card_declined"}
    session.execute(update(Transaction).where(Transaction.phase == "created").values(declined))


@atomic
def _age_marks(session: Session, seconds: int) -> None:
    session.execute(update(CheckoutMark).values(created_at=database_now(-seconds)))


def decline(counter: Counter, times: int, email: str | None = None) -> None:
    """So many declined payments, each with an e-mail of its own unless one is given."""
    for _ in range(times):
        form = counter.form() | {"email": email or f"{secrets.token_hex(8)}@example.com"}
        form |= answer_to(counter.page("/checkout/field-notes").text)
        sent = counter.send(form)
        assert sent.status_code == 303, sent.text
        with counter.app.app_context():
            _decline_all()


def answer_to(page: str) -> dict[str, str]:
    """The fields that answer a page's question; none where it asks none."""
    asked = ASKED.search(page)
    if asked is None:
        return {}
    total = sum(NUMBERS.index(word) for word in asked.groups())
    return {
        "challenge": dict(FIELD.findall(page))["challenge"],
        "challenge_answer": str(total),
    }


def ask(counter: Counter, **fields: str) -> TestResponse:
    return counter.send(counter.form() | fields)


def test_after_three_declines_a_browser_is_asked_a_question(counter: Counter) -> None:
    decline(counter, MOST["browser"] - 1)
    assert not ASKED.search(counter.page("/checkout/field-notes").text)
    decline(counter, 1)
    assert ASKED.search(counter.page("/checkout/field-notes").text)
    answer = ask(counter)
    assert answer.status_code == 422
    assert "Answer the question" in answer.text
    assert counter.count() == MOST["browser"]


def test_the_right_answer_lets_the_payment_go_on(counter: Counter) -> None:
    decline(counter, MOST["browser"])
    page = counter.page("/checkout/field-notes").text
    assert ask(counter, **answer_to(page)).status_code == 303


def test_a_number_may_be_written_in_letters(counter: Counter) -> None:
    decline(counter, MOST["browser"])
    fields = answer_to(counter.page("/checkout/field-notes").text)
    letters = NUMBERS[int(fields["challenge_answer"])].upper()
    assert ask(counter, **fields | {"challenge_answer": letters}).status_code == 303


@pytest.mark.parametrize("answer", ["", "-1", "99", "٤", "x" * 300])
def test_a_wrong_answer_is_asked_again(counter: Counter, answer: str) -> None:
    decline(counter, MOST["browser"])
    fields = answer_to(counter.page("/checkout/field-notes").text)
    sent = ask(counter, **fields | {"challenge_answer": answer})
    assert sent.status_code == 422
    assert ASKED.search(sent.text)


def test_an_answer_is_void_after_the_next_decline(counter: Counter) -> None:
    decline(counter, MOST["browser"])
    fields = answer_to(counter.page("/checkout/field-notes").text)
    assert ask(counter, **fields).status_code == 303
    with counter.app.app_context():
        _decline_all()
    assert ask(counter, **fields).status_code == 422


def test_an_answer_is_of_no_use_to_another_browser(counter: Counter) -> None:
    decline(counter, MOST["address"])
    fields = answer_to(counter.page("/checkout/field-notes").text)
    other = Counter(counter.app, counter.stranger())
    assert ask(other, **fields).status_code == 422


def test_new_browsers_do_not_hide_an_address(counter: Counter) -> None:
    for _ in range(MOST["address"]):
        decline(Counter(counter.app, counter.stranger()), 1)
    assert ask(Counter(counter.app, counter.stranger())).status_code == 422


def test_new_browsers_do_not_hide_an_e_mail(counter: Counter) -> None:
    for _ in range(MOST["email"]):
        decline(Counter(counter.app, counter.stranger()), 1, "ada@example.com")
    assert ask(Counter(counter.app, counter.stranger())).status_code == 422


def test_an_old_answer_is_asked_again(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    decline(counter, MOST["browser"])
    fields = answer_to(counter.page("/checkout/field-notes").text)
    monkeypatch.setattr(challenge, "LIFE_SECONDS", -1)
    assert ask(counter, **fields).status_code == 422


def test_declines_of_long_ago_ask_nothing(counter: Counter) -> None:
    decline(counter, MOST["browser"])
    with counter.app.app_context():
        _age_marks(3700)
    assert ask(counter).status_code == 303


def test_a_program_gets_the_question_and_answers_it_under_a_new_key(counter: Counter) -> None:
    decline(counter, MOST["browser"])
    refused = counter.post("first").json["error"]
    assert refused["code"] == "challenge_required"
    one, two = (NUMBERS.index(word) for word in ASKED.match(refused["question"]).groups())  # type: ignore[union-attr]
    answer: dict[str, Any] = {"challenge": refused["challenge"], "challenge_answer": f"{one + two}"}
    assert counter.post("second", **answer).status_code == 202


def test_a_form_sent_twice_is_shown_its_payment_whatever_became_of_it(counter: Counter) -> None:
    decline(counter, MOST["browser"] - 1)
    form = counter.form()
    first = counter.send(form)
    with counter.app.app_context():
        _decline_all()
    assert counter.send(form).location == first.location


def test_the_token_does_not_tell_the_answer(counter: Counter) -> None:
    decline(counter, MOST["browser"])
    fields = answer_to(counter.page("/checkout/field-notes").text)
    with counter.app.app_context():
        content = links.read("checkout-question", fields["challenge"], 60)
    assert fields["challenge_answer"] not in [str(part) for part in content or ()]


def test_what_is_kept_names_nobody_and_goes_after_a_day(counter: Counter) -> None:
    decline(counter, 1)
    with counter.app.app_context():
        marks = db.session.scalars(select(CheckoutMark.mark)).all()
        assert [len(mark) for mark in marks] == [40, 40, 40]
        _age_marks(25 * 3600)
        clean_up()
        assert db.session.scalars(select(CheckoutMark.mark)).all() == []


class TestWithoutRedis:
    @pytest.fixture
    def settings(self, settings: dict[str, str]) -> dict[str, str]:
        away = f"redis://127.0.0.1:{free_port()}/0"
        return settings | {"REDIS_URL": away, "CACHE_REDIS_URL": away}

    def test_a_browser_is_still_asked(self, counter: Counter) -> None:
        decline(counter, MOST["browser"])
        assert ask(counter).status_code == 422


class TestUnderAttack:
    @pytest.fixture
    def settings(self, settings: dict[str, str]) -> dict[str, str]:
        return settings | {"CHECKOUT_CHALLENGE": "always"}

    def test_a_strangers_key_excuses_nobody(self, counter: Counter) -> None:
        stranger = counter.app.test_client(use_cookies=False)
        assert buy(stranger, item="sticker", payment_method=None).status_code == 202
        assert buy(named(counter)).json["error"]["code"] == "challenge_required"

    def test_everybody_is_asked(self, counter: Counter) -> None:
        assert ask(counter).status_code == 422
        fields = answer_to(counter.page("/checkout/field-notes").text)
        assert ask(counter, **fields).status_code == 303


class TestSwitchedOff:
    @pytest.fixture
    def settings(self, settings: dict[str, str]) -> dict[str, str]:
        return settings | {"CHECKOUT_CHALLENGE": "off"}

    def test_nobody_is_asked_and_nothing_is_kept(self, counter: Counter) -> None:
        decline(counter, MOST["address"] + 1)
        assert ask(counter).status_code == 303
        assert counter.count(CheckoutMark) == 0
