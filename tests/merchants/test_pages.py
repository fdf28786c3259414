"""The onboarding page: a merchant's way to Stripe's own form and back."""

from __future__ import annotations

import re

import pytest
import requests
from flask.testing import FlaskClient

from payments_app.merchants.accounts import state_of
from payments_app.merchants.onboarding_link import onboarding_url
from tests.merchants.connected_merchants import (
    account,
    by_both_apis,
    create_merchant,
    create_ready_merchant,
)
from tests.payments.driver import PaymentDriver

pytestmark = [pytest.mark.portable, by_both_apis]


def address(merchant: str) -> str:
    return "/onboarding/" + onboarding_url(merchant).rpartition("/")[2]


def ask_for_form(driver: PaymentDriver, client: FlaskClient, merchant: str) -> str:
    """Press "Continue to Stripe", and what the page says once the link is there."""
    page = client.get(address(merchant))
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token is not None
    asked = client.post(address(merchant), data={"csrf_token": token[1]})
    assert asked.status_code == 303
    waiting = client.get(asked.location)
    assert "Stripe is preparing its form" in waiting.text
    driver.work("default")
    return client.get(asked.location).text


def test_a_merchant_is_led_to_stripes_form_and_back(
    driver: PaymentDriver, client: FlaskClient
) -> None:
    merchant = create_merchant(driver)
    page = ask_for_form(driver, client, merchant)
    form = re.search(r'href="([^"]+)">Continue to Stripe', page)
    assert form is not None
    done = requests.post(form[1], data={"answer": "complete"}, allow_redirects=False, timeout=10)
    back = client.get(done.headers["Location"].partition(driver.config.public_url)[2])
    assert back.status_code == 303
    driver.work("default")
    assert state_of(account(merchant)) == "ready"
    assert "You can receive payments" in client.get(back.location).text


def test_a_merchant_who_leaves_the_form_can_open_it_again(
    driver: PaymentDriver, client: FlaskClient
) -> None:
    merchant = create_merchant(driver)
    ask_for_form(driver, client, merchant)
    back = client.get(f"{address(merchant)}?back=1")
    assert "Continue to Stripe" in client.get(back.location).text.replace("'", "&#39;")


def test_a_merchant_reads_what_stripe_will_ask_for(
    driver: PaymentDriver, client: FlaskClient
) -> None:
    page = client.get(address(create_merchant(driver))).text
    assert re.findall("<li>([^<]+)</li>", page) == [
        "a website",
        "a bank account",
        "consent to Stripe&#39;s terms",
    ]


def test_a_ready_merchant_has_nothing_to_press(driver: PaymentDriver, client: FlaskClient) -> None:
    page = client.get(address(create_ready_merchant(driver))).text
    assert "<form" not in page


@pytest.mark.parametrize("token", ["forged", "x" * 3000])
def test_a_forged_address_leads_nowhere(client: FlaskClient, token: str) -> None:
    assert client.get(f"/onboarding/{token}").status_code == 404


def test_the_page_is_kept_by_no_cache_and_no_search_engine(
    driver: PaymentDriver, client: FlaskClient
) -> None:
    headers = client.get(address(create_merchant(driver))).headers
    assert "no-store" in headers["Cache-Control"]
    assert headers["X-Robots-Tag"] == "noindex"
