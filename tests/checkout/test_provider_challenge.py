"""With keys of a provider its challenge comes before the form, on a page of its own."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from itsdangerous import TimestampSigner
from playwright.sync_api import Browser, expect
from werkzeug.test import TestResponse

from parts.app import Web
from parts.turnstile import Turnstile
from payments_app.checkout import challenge, turnstile
from payments_app.core.web import exports, held_threads
from payments_app.core.web.http import ProblemError
from tests.checkout.checkout_client import BROWSER, FIELD, CheckoutClient

pytestmark = pytest.mark.portable
FORM, CHALLENGE = "/checkout/field-notes", "/checkout/field-notes/challenge"


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Turnstile]:
    with Turnstile(tmp_path_factory.mktemp("turnstile")) as server:
        yield server


@pytest.fixture
def mode() -> str:
    return "always"


@pytest.fixture
def settings(settings: dict[str, str], provider: Turnstile, mode: str) -> dict[str, str]:
    return settings | provider.settings | {"CHECKOUT_CHALLENGE": mode}


def solve(checkout: CheckoutClient, token: str) -> TestResponse:
    page = checkout.page(CHALLENGE)
    assert page.status_code == 200, page.location
    fields = dict(FIELD.findall(page.text)) | {turnstile.FIELD: token}
    return checkout.client.post(CHALLENGE, data=fields, headers=BROWSER)


def test_the_form_is_shown_after_the_challenge_and_a_payment_goes_on(
    checkout: CheckoutClient, provider: Turnstile
) -> None:
    assert checkout.page(FORM).location == CHALLENGE
    assert solve(checkout, provider.solve()).location == FORM
    form = checkout.page(FORM)
    assert "What is" not in form.text
    assert checkout.send(checkout.form()).status_code == 303
    assert checkout.count() == 1


def test_a_payment_without_it_is_led_to_it_and_made_nowhere(
    checkout: CheckoutClient, provider: Turnstile
) -> None:
    solve(checkout, provider.solve())
    form = checkout.form()
    with checkout.client.session_transaction() as session:
        del session["proof"]
    assert (checkout.send(form).location or "").endswith(CHALLENGE)
    refused = checkout.post().json["error"]
    assert refused["code"] == "challenge_required"
    assert refused["url"].endswith(CHALLENGE)
    assert checkout.count() == 0


@pytest.mark.parametrize("token", ["", "made-up", "x" * 5000])
def test_a_token_of_nobody_proves_nothing(checkout: CheckoutClient, token: str) -> None:
    answer = solve(checkout, token)
    assert answer.status_code == 422
    assert "Please try again" in answer.text
    assert checkout.page(FORM).location == CHALLENGE


def test_a_token_proves_once(checkout: CheckoutClient, provider: Turnstile) -> None:
    token = provider.solve()
    assert solve(checkout, token).status_code == 303
    other = CheckoutClient(checkout.app, checkout.stranger())
    assert solve(other, token).status_code == 422


def test_a_token_of_another_site_or_for_another_purpose_proves_nothing(
    checkout: CheckoutClient, provider: Turnstile
) -> None:
    assert solve(checkout, provider.solve(hostname="evil.example")).status_code == 422
    assert solve(checkout, provider.solve(action="login")).status_code == 422


def test_a_proof_is_of_no_use_in_another_browser_or_from_another_address(
    checkout: CheckoutClient, provider: Turnstile
) -> None:
    assert solve(checkout, provider.solve()).status_code == 303
    with checkout.client.session_transaction() as session:
        proof = session["proof"]
    other = CheckoutClient(checkout.app, checkout.stranger())
    other.page(CHALLENGE)
    with other.client.session_transaction() as session:
        session["proof"] = proof
    assert other.page(FORM).location == CHALLENGE
    elsewhere = {"REMOTE_ADDR": "198.51.100.7"}
    moved = checkout.client.get(FORM, headers=BROWSER, environ_overrides=elsewhere)
    assert moved.location == CHALLENGE


def test_a_proof_is_good_for_few_payments(checkout: CheckoutClient, provider: Turnstile) -> None:
    """Declines are known too late for whoever sends many cards at once."""
    other = CheckoutClient(checkout.app, checkout.stranger())
    for each in (checkout, other):
        solve(each, provider.solve())
    sent = [checkout.post().status_code for _ in range(challenge.MOST_PAYMENTS + 2)]
    assert sent == [202] * challenge.MOST_PAYMENTS + [422] * 2
    assert checkout.page(FORM).location == CHALLENGE
    assert other.post().status_code == 202
    assert solve(checkout, provider.solve()).location == FORM
    assert checkout.post().status_code == 202


def test_a_challenge_solved_in_the_same_second_is_another_proof(
    checkout: CheckoutClient, provider: Turnstile, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = int(time.time())
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: now)
    for _ in range(2):
        assert solve(checkout, provider.solve()).location == FORM
        sent = [checkout.post().status_code for _ in range(challenge.MOST_PAYMENTS)]
        assert sent == [202] * challenge.MOST_PAYMENTS
        assert checkout.post().status_code == 422


def test_a_proof_ends(
    checkout: CheckoutClient, provider: Turnstile, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert solve(checkout, provider.solve()).status_code == 303
    monkeypatch.setattr(challenge, "LIFE_SECONDS", -1)
    assert checkout.page(FORM).location == CHALLENGE


def test_a_provider_that_hangs_costs_seconds_and_lets_nobody_by(
    checkout: CheckoutClient, provider: Turnstile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turnstile, "WHOLE_SECONDS", 0.5)
    token = provider.solve()
    provider.hang()
    began = time.monotonic()
    answer = solve(checkout, token)
    assert answer.status_code == 503
    assert "in a moment" in answer.text
    assert time.monotonic() - began < 5
    assert checkout.page(FORM).location == CHALLENGE


def test_only_so_many_checks_wait_at_once(checkout: CheckoutClient, provider: Turnstile) -> None:
    for _ in range(turnstile.AT_ONCE):
        turnstile._turns.acquire()
    try:
        assert solve(checkout, provider.solve()).status_code == 503
    finally:
        for _ in range(turnstile.AT_ONCE):
            turnstile._turns.release()


def test_long_pages_keep_nobody_from_the_check_nor_do_both_hold_all_threads(
    checkout: CheckoutClient, provider: Turnstile
) -> None:
    """Each has its own bound: together they held all eight threads of a process."""
    with ExitStack() as held:
        for number in range(6):
            held.enter_context(exports.long_page(exports.STAFF, f"member-{number}"))
        assert solve(checkout, provider.solve()).status_code == 303
        held.enter_context(held_threads.one(held_threads.FOR_BUYERS))  # another buyer's check
        other = CheckoutClient(checkout.app, checkout.stranger())
        assert solve(other, provider.solve()).status_code == 503
        assert checkout.client.get("/cart").status_code == 200
    with ExitStack() as held:
        for _ in range(turnstile.AT_ONCE):
            held.enter_context(held_threads.one(held_threads.FOR_BUYERS))
        for number in range(4):
            held.enter_context(exports.long_page(exports.STAFF, f"member-{number}"))
        with pytest.raises(ProblemError, match="Too many long pages"):
            held.enter_context(exports.long_page(exports.STAFF, "member-4"))


def test_no_page_may_load_from_the_provider_and_take_a_card(
    checkout: CheckoutClient, provider: Turnstile
) -> None:
    policy = checkout.page(CHALLENGE).headers["Content-Security-Policy"]
    assert provider.url in policy
    assert "stripe.com" not in policy
    solve(checkout, provider.solve())
    assert provider.url not in checkout.page(FORM).headers["Content-Security-Policy"]


def test_what_is_not_for_sale_has_no_challenge(checkout: CheckoutClient) -> None:
    assert checkout.page("/checkout/nothing/challenge").status_code == 404


@pytest.mark.browser
def test_a_buyer_ticks_the_box_and_gets_to_the_form(
    checkout: CheckoutClient, settings: dict[str, str], tmp_path: Path, browser: Browser
) -> None:
    with Web(tmp_path, settings) as web, browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{web.url}{FORM}")
        expect(page.get_by_role("heading", name="Security check")).to_be_visible()
        page.frame_locator("iframe").get_by_role("checkbox").check()
        field = page.locator(f"input[name={turnstile.FIELD}]")
        expect(field).to_have_value(re.compile(".{20,}"))
        page.get_by_role("button", name="Continue").click()
        expect(page).to_have_url(f"{web.url}{FORM}")


class TestNotSuspect:
    @pytest.fixture
    def mode(self) -> str:
        return "auto"

    def test_nobody_is_asked(self, checkout: CheckoutClient) -> None:
        assert checkout.page(FORM).status_code == 200
        assert checkout.page(CHALLENGE).location == FORM

    def test_who_is_asked_for_what_strangers_did_under_the_address_can_prove(
        self, checkout: CheckoutClient, provider: Turnstile
    ) -> None:
        """Only the payment names the address: the page of the challenge does not know of it."""
        stranger = CheckoutClient(checkout.app, checkout.stranger())
        for _ in range(challenge.DECLINE_LIMITS["email"]):
            stranger.pay("pm_card_visa_chargeDeclined")
        assert checkout.post().json["error"]["code"] == "challenge_required"
        assert solve(checkout, provider.solve()).location == FORM
        assert checkout.post().status_code == 202
        other = CheckoutClient(checkout.app, checkout.stranger())
        assert other.post(email="zoe@example.com").status_code == 202
        assert other.page(CHALLENGE).location == FORM
