"""A question before a payment, for whoever had too many cards declined."""

from __future__ import annotations

import re
import secrets
import time
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from parts.settings import NO_CACHE, NO_REDIS
from payments_app.checkout import challenge
from payments_app.checkout.challenge import DECLINE_LIMITS
from payments_app.checkout.velocity_fingerprints import VelocityFingerprint
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.web import limits, links
from payments_app.ops.clean_up import clean_up
from payments_app.payments.models import Transaction
from tests.checkout.checkout_client import FIELD, CheckoutClient
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
def _age_fingerprints(session: Session, seconds: int) -> None:
    session.execute(update(VelocityFingerprint).values(created_at=database_now(-seconds)))


def decline(checkout: CheckoutClient, times: int, email: str | None = None) -> None:
    """So many declined payments, each with an e-mail of its own unless one is given."""
    for _ in range(times):
        form = checkout.form() | {"email": email or f"{secrets.token_hex(3)}@example.com"}
        form |= answer_to(checkout.page("/checkout/field-notes").text)
        sent = checkout.send(form)
        assert sent.status_code == 303, sent.text
        with checkout.app.app_context():
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


def ask(checkout: CheckoutClient, **fields: str) -> TestResponse:
    return checkout.send(checkout.form() | fields)


def test_after_three_declines_a_browser_is_asked_a_question(checkout: CheckoutClient) -> None:
    decline(checkout, DECLINE_LIMITS["browser"] - 1)
    assert not ASKED.search(checkout.page("/checkout/field-notes").text)
    decline(checkout, 1)
    assert ASKED.search(checkout.page("/checkout/field-notes").text)
    answer = ask(checkout)
    assert answer.status_code == 422
    assert "Answer the question" in answer.text
    assert checkout.count() == DECLINE_LIMITS["browser"]


def test_the_right_answer_lets_the_payment_go_on(checkout: CheckoutClient) -> None:
    decline(checkout, DECLINE_LIMITS["browser"])
    page = checkout.page("/checkout/field-notes").text
    assert ask(checkout, **answer_to(page)).status_code == 303


def test_an_answer_is_good_for_few_payments(
    checkout: CheckoutClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Declines are known too late for whoever sends many cards at once. No window of a limit that
    ends meanwhile makes them more."""
    decline(checkout, DECLINE_LIMITS["browser"])
    fields = answer_to(checkout.page("/checkout/field-notes").text)
    sent = [checkout.post(**fields).status_code for _ in range(challenge.MOST_PAYMENTS + 1)]
    assert sent == [202] * challenge.MOST_PAYMENTS + [422]
    now = time.time()
    for later in (0, challenge.LIFE_SECONDS):
        monkeypatch.setattr(limits, "time", SimpleNamespace(time=lambda late=later: now + late))
        assert ask(checkout, **fields).status_code == 422
    other = CheckoutClient(checkout.app, checkout.stranger())
    assert other.post(email="zoe@example.com").status_code == 202


def test_an_answer_is_good_for_no_more_in_another_process_while_the_cache_is_away(
    checkout: CheckoutClient,
) -> None:
    url = checkout.app.config["CONFIG"].cache_redis_url
    with checkout.app.app_context():
        for server, expected in ((url, True), (NO_CACHE, False), (url, False)):
            process = limits.Limiter(server)
            left = [process.is_left("proof", 2, 900, "a proof") for _ in range(2)]
            assert left == [expected] * 2
        assert limits.Limiter(url).is_left("proof", 2, 900, "another")


def test_a_number_may_be_written_in_letters(checkout: CheckoutClient) -> None:
    decline(checkout, DECLINE_LIMITS["browser"])
    fields = answer_to(checkout.page("/checkout/field-notes").text)
    letters = NUMBERS[int(fields["challenge_answer"])].upper()
    assert ask(checkout, **fields | {"challenge_answer": letters}).status_code == 303


@pytest.mark.parametrize("answer", ["", "-1", "99", "٤", "x" * 300])
def test_a_wrong_answer_is_asked_again(checkout: CheckoutClient, answer: str) -> None:
    decline(checkout, DECLINE_LIMITS["browser"])
    fields = answer_to(checkout.page("/checkout/field-notes").text)
    sent = ask(checkout, **fields | {"challenge_answer": answer})
    assert sent.status_code == 422
    assert ASKED.search(sent.text)


def test_an_answer_is_void_after_the_next_decline(checkout: CheckoutClient) -> None:
    decline(checkout, DECLINE_LIMITS["browser"])
    fields = answer_to(checkout.page("/checkout/field-notes").text)
    assert ask(checkout, **fields).status_code == 303
    with checkout.app.app_context():
        _decline_all()
    assert ask(checkout, **fields).status_code == 422


def test_an_answer_is_of_no_use_to_another_browser(checkout: CheckoutClient) -> None:
    decline(checkout, DECLINE_LIMITS["address"])
    fields = answer_to(checkout.page("/checkout/field-notes").text)
    other = CheckoutClient(checkout.app, checkout.stranger())
    assert ask(other, **fields).status_code == 422


def test_new_browsers_do_not_hide_an_address(checkout: CheckoutClient) -> None:
    for _ in range(DECLINE_LIMITS["address"]):
        decline(CheckoutClient(checkout.app, checkout.stranger()), 1)
    assert ask(CheckoutClient(checkout.app, checkout.stranger())).status_code == 422


def test_new_browsers_do_not_hide_an_e_mail(checkout: CheckoutClient) -> None:
    for _ in range(DECLINE_LIMITS["email"]):
        decline(CheckoutClient(checkout.app, checkout.stranger()), 1, "ada@example.com")
    assert ask(CheckoutClient(checkout.app, checkout.stranger())).status_code == 422


def test_an_old_answer_is_asked_again(
    checkout: CheckoutClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    decline(checkout, DECLINE_LIMITS["browser"])
    fields = answer_to(checkout.page("/checkout/field-notes").text)
    monkeypatch.setattr(challenge, "LIFE_SECONDS", -1)
    assert ask(checkout, **fields).status_code == 422


def test_declines_of_long_ago_ask_nothing(checkout: CheckoutClient) -> None:
    decline(checkout, DECLINE_LIMITS["browser"])
    with checkout.app.app_context():
        _age_fingerprints(3700)
    assert ask(checkout).status_code == 303


def test_a_program_gets_the_question_and_answers_it_under_a_new_key(
    checkout: CheckoutClient,
) -> None:
    decline(checkout, DECLINE_LIMITS["browser"])
    refused = checkout.post("first").json["error"]
    assert refused["code"] == "challenge_required"
    one, two = (NUMBERS.index(word) for word in ASKED.match(refused["question"]).groups())  # type: ignore[union-attr]
    answer: dict[str, Any] = {"challenge": refused["challenge"], "challenge_answer": f"{one + two}"}
    assert checkout.post("second", **answer).status_code == 202


def test_a_form_sent_twice_is_shown_its_payment_whatever_became_of_it(
    checkout: CheckoutClient,
) -> None:
    decline(checkout, DECLINE_LIMITS["browser"] - 1)
    form = checkout.form()
    first = checkout.send(form)
    with checkout.app.app_context():
        _decline_all()
    assert checkout.send(form).location == first.location


def test_the_token_does_not_tell_the_answer(checkout: CheckoutClient) -> None:
    decline(checkout, DECLINE_LIMITS["browser"])
    fields = answer_to(checkout.page("/checkout/field-notes").text)
    with checkout.app.app_context():
        content = links.read("checkout-question", fields["challenge"], 60)
    assert fields["challenge_answer"] not in [str(part) for part in content or ()]


def test_what_is_kept_names_nobody_and_goes_after_a_day(checkout: CheckoutClient) -> None:
    decline(checkout, 1)
    with checkout.app.app_context():
        fingerprints = db.session.scalars(select(VelocityFingerprint.fingerprint)).all()
        assert [len(fingerprint) for fingerprint in fingerprints] == [40, 40, 40]
        _age_fingerprints(25 * 3600)
        clean_up()
        assert db.session.scalars(select(VelocityFingerprint.fingerprint)).all() == []


class TestWithoutRedis:
    @pytest.fixture
    def settings(self, settings: dict[str, str]) -> dict[str, str]:
        return settings | {"REDIS_URL": NO_REDIS, "CACHE_REDIS_URL": NO_CACHE}

    def test_a_browser_is_still_asked(self, checkout: CheckoutClient) -> None:
        decline(checkout, DECLINE_LIMITS["browser"])
        assert ask(checkout).status_code == 422


class TestUnderAttack:
    @pytest.fixture
    def settings(self, settings: dict[str, str]) -> dict[str, str]:
        return settings | {"CHECKOUT_CHALLENGE": "always"}

    def test_a_strangers_key_excuses_nobody(self, checkout: CheckoutClient) -> None:
        stranger = checkout.app.test_client(use_cookies=False)
        assert buy(stranger, item="sticker", payment_method=None).status_code == 202
        assert buy(named(checkout)).json["error"]["code"] == "challenge_required"

    def test_everybody_is_asked(self, checkout: CheckoutClient) -> None:
        assert ask(checkout).status_code == 422
        fields = answer_to(checkout.page("/checkout/field-notes").text)
        assert ask(checkout, **fields).status_code == 303


class TestSwitchedOff:
    @pytest.fixture
    def settings(self, settings: dict[str, str]) -> dict[str, str]:
        return settings | {"CHECKOUT_CHALLENGE": "off"}

    def test_nobody_is_asked_and_nothing_is_kept(self, checkout: CheckoutClient) -> None:
        decline(checkout, DECLINE_LIMITS["address"] + 1)
        assert ask(checkout).status_code == 303
        assert checkout.count(VelocityFingerprint) == 0
