"""Where a host vouches for its customers (docs/embedding.md), the end of their session there is the
end of it here."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from payments_app.customers.recognise import vouch_with
from tests.checkout.checkout_client import BROWSER, CheckoutClient
from tests.checkout.keyed import buy, made, refusal
from tests.customers.mailed_link import known
from tests.customers.test_sessions import copy_of, is_known
from tests.whole_words import says

pytestmark = pytest.mark.portable

ADA, BOB = "ada@example.com", "bob@example.com"


class Host:
    """Who is signed in there, in every browser."""

    signed_in: str | None = ADA


@pytest.fixture
def host(checkout: CheckoutClient) -> Host:
    host = Host()
    vouch_with(checkout.app, lambda: host.signed_in)
    return host


def shows_ada(checkout: CheckoutClient, browser: FlaskClient, paid: str) -> bool:
    thanks = browser.get(f"/thankyou?transaction={paid}", headers=BROWSER).text
    last = browser.get("/thankyou", headers=BROWSER).text
    return "email" in checkout.status(paid, browser) or ADA in thanks + last


@pytest.mark.parametrize("then", [None, BOB])
def test_who_signs_out_at_the_host_leaves_the_pages_of_their_payments(
    checkout: CheckoutClient, host: Host, then: str | None
) -> None:
    others = checkout.stranger()
    paid, theirs = checkout.pay(), CheckoutClient(checkout.app, others).pay()
    thief = copy_of(checkout, checkout.client)
    assert shows_ada(checkout, checkout.client, paid)
    host.signed_in = then
    for browser in (checkout.client, thief):
        assert not shows_ada(checkout, browser, paid)
        assert browser.get("/thankyou", headers=BROWSER).status_code == 404
    host.signed_in = ADA
    assert not shows_ada(checkout, checkout.client, paid)
    assert shows_ada(checkout, others, theirs)


def test_a_cookie_copied_before_signing_in_at_the_host_shows_nothing_after(
    checkout: CheckoutClient, host: Host
) -> None:
    host.signed_in = None
    checkout.form()
    thief = copy_of(checkout, checkout.client)
    host.signed_in = ADA
    paid, under_way = checkout.pay(), str(checkout.post(item="enamel-mug").json["id"])
    host.signed_in = None
    assert not shows_ada(checkout, checkout.client, paid)
    checkout.work()
    for each in (paid, under_way):
        assert not shows_ada(checkout, thief, each)
        assert not shows_ada(checkout, checkout.client, each)


def test_signing_in_at_the_host_keeps_what_was_paid_before_it(
    checkout: CheckoutClient, host: Host
) -> None:
    host.signed_in = None
    paid = checkout.pay()
    host.signed_in = ADA
    assert shows_ada(checkout, checkout.client, paid)


def test_what_waits_for_the_bank_goes_on_after_the_host_s_session_and_is_nobody_else_s(
    checkout: CheckoutClient, host: Host
) -> None:
    waits = checkout.pay("pm_card_authenticationRequired")
    host.signed_in = None
    for _ in range(2):
        assert checkout.status(waits)["client_secret"]
    host.signed_in = BOB
    assert "email" not in checkout.status(waits)


def test_it_ends_our_own_session_too(checkout: CheckoutClient, host: Host) -> None:
    checkout.pay()
    browser = known(checkout, browser=checkout.client)
    host.signed_in = None
    assert not is_known(browser)


def test_the_cookie_holds_no_address(checkout: CheckoutClient, host: Host) -> None:
    paid = checkout.pay()
    with checkout.client.session_transaction() as cookie:
        assert "vouched" in cookie
        assert not says(repr(dict(cookie)), "ada")
    assert shows_ada(checkout, checkout.client, paid)


@pytest.mark.parametrize("then", [None, BOB])
def test_what_a_key_bought_is_not_bought_again_once_the_host_s_session_is_over(
    checkout: CheckoutClient, host: Host, then: str | None
) -> None:
    """Its answer was lost, and the host's session ran out before the browser asked again."""
    checkout.form()
    lost, before = made(buy(checkout.client, "lost")), checkout.count()
    host.signed_in = then
    answers = [buy(checkout.client, "lost") for _ in range(2)]
    assert [refusal(answer) for answer in answers] == [(400, "form_expired")] * 2
    assert [lost in answer.text for answer in answers] == [False, False]
    assert checkout.count() == before
