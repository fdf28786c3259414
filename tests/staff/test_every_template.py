"""Every template that the application has is rendered, and is given all that it names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from payments_app.accounts import password_links
from payments_app.merchants.onboarding_link import onboarding_url
from tests.accounts.staff_driver import PASSWORD, Browser
from tests.customers.mailed_link import link_for
from tests.merchants.connected_merchants import (
    create_merchant,
    create_ready_merchant,
    create_sale,
    sell,
)
from tests.notices.receiver import Receiver
from tests.notices.sent_mails import mails
from tests.route_walk import pages
from tests.staff.abroad import Abroad, known_as
from tests.subscriptions.billing_driver import BillingDriver

pytestmark = pytest.mark.timeout(300)

# Templates of moments that this world has not, and the tests that bring them about.
ELSEWHERE = {
    "accounts/code.html": "tests/accounts/test_second_factor.py",
    "accounts/codes.html": "tests/accounts/test_second_factor.py",
    "checkout/challenge.html": "tests/checkout/test_provider_challenge.py",
    "checkout/not_for_sale.html": "tests/languages/test_pages.py",
    "demo/mail.html": "tests/notices/test_mailbox_pages.py",
    "demo/mails.html": "tests/notices/test_mailbox_pages.py",
    "mail/download.html": "tests/downloads/test_downloads.py",
    "styleguide.html": "tests/checkout/test_styleguide.py",
    "mail/download.txt": "tests/downloads/test_downloads.py",
    "mail/card_expires.html": "tests/notices/test_subscription_mails.py",
    "mail/card_expires.txt": "tests/notices/test_subscription_mails.py",
    "mail/card_removed.html": "tests/notices/test_subscription_mails.py",
    "mail/card_removed.txt": "tests/notices/test_subscription_mails.py",
    "mail/dispute_lost.html": "tests/notices/test_refund_mails.py",
    "mail/dispute_lost.txt": "tests/notices/test_refund_mails.py",
    "consents/confirm.html": "tests/api/test_consent_pages.py",
    "mail/payment_link.html": "tests/staff/test_payment_links.py",
    "mail/payment_link.txt": "tests/staff/test_payment_links.py",
    "mail/refund_failed.html": "tests/notices/test_refund_mails.py",
    "mail/refund_failed.txt": "tests/notices/test_refund_mails.py",
    "mail/subscription_changed.html": "tests/notices/test_subscription_mails.py",
    "mail/subscription_changed.txt": "tests/notices/test_subscription_mails.py",
    "subscriptions/confirm.html": "tests/subscriptions/test_pages.py",
    "subscriptions/remove_card.html": "tests/subscriptions/test_pages.py",
    "mail/endpoint_failing.html": "tests/notices/test_endpoints.py",
    "mail/endpoint_failing.txt": "tests/notices/test_endpoints.py",
    "mail/endpoint_off.html": "tests/notices/test_endpoints.py",
    "mail/endpoint_off.txt": "tests/notices/test_endpoints.py",
    "mail/trial_ending.html": "tests/subscriptions/test_unproved.py",
    "mail/trial_ending.txt": "tests/subscriptions/test_unproved.py",
    "ops/dead_letter.html": "tests/ops/test_dead_letters.py",
    "ops/touched.html": "tests/ops/test_incident.py",
    "staff/disputes/_unmatched.html": "tests/refunds/test_unmatched.py",
}
TRIES = ("2026-02-28", "2026-03-01", "2026-03-03", "2026-03-05", "2026-03-07")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def abroad(app: Flask, receiver: Receiver) -> Iterator[Abroad]:
    with app.app_context():
        yield Abroad(app, receiver)


def subscriptions(app: Flask) -> list[str]:
    """One that is paid, and one whose bill never was: every letter about it is written."""
    billing = BillingDriver(app)
    lapsed = billing.join()
    paid = billing.join(card="pm_card_mastercard", plan=billing.plan("weekly"))
    billing.take_card(lapsed, "pm_card_chargeCustomerFail")
    for day in TRIES:
        billing.go_to(day)
        billing.work("payment_standard")
    return [paid, lapsed]


def signed_links(app: Flask, world: Abroad) -> list[str]:
    """The addresses that mails and staff hand out, good ones and bad ones."""
    (owner,), merchant = world.values()["customer_id"], create_ready_merchant(world.driver)
    away = create_sale(create_merchant(world.driver, name="Not ready"))
    token = password_links.invite("new@example.com", "viewer", "ada")
    ours = app.config["CONFIG"].public_url
    good = [link_for(owner, "/account"), onboarding_url(merchant)]
    return [
        *(link.removeprefix(ours) for link in good),
        f"/staff/password/new?token={token}",
        "/account/x",
        "/downloads/x",
        "/consents/x",
        f"/staff/payments/{sell(world.driver, merchant)}",
        f"/checkout/{away}",
        f"/thankyou?transaction={world.usd}",
        "/staff/payments?q=ada%40example.com",
        "/no-such-page",
    ]


def rendered(app: Flask) -> set[str]:
    return {name for _, name in app.jinja_env.cache}


def send_forms(app: Flask, world: Abroad, admin: Browser) -> None:
    """Each browser in a context of its own: the test's would keep the token of another one."""
    refund, link = f"/staff/payments/{world.usd}/refunds", {"email": "ada@example.com"}
    with app.app_context():
        admin.post("/staff/confirm", password=PASSWORD)
        assert "Is this right?" in admin.post(refund, refund, amount="1.00", reason="Broke").text
        assert "Password link" in admin.post("/staff/members", email="b@c.de", role="viewer").text
    with app.app_context():
        visitor = Browser(app.test_client())
        assert "Sign in" in visitor.get("/staff/login").text
        assert "expired" in visitor.get("/staff/password/new?token=x").text
        assert "Check your" in visitor.post("/account/links", "/account", **link).text


def test_every_template_is_rendered_and_no_page_breaks(app: Flask, abroad: Abroad) -> None:
    """But the portal's, which has a test of its own."""
    paths = [path for _, path in pages(app, abroad.values(), Abroad.ELSEWHERE)]
    paths += [f"/staff/subscriptions/{each}" for each in subscriptions(app)]
    paths += [f"{paths[-2]}/pause", *signed_links(app, abroad)]
    clients = known_as(app, abroad)
    broken = [
        (who, path, answer.status_code)
        for who, client in clients.items()
        for path in paths
        if path.startswith("/staff") == (who == "staff")
        and (answer := client.get(path, headers={"Accept": "text/html"})).status_code >= 500
        and path != "/readyz"
    ]
    send_forms(app, abroad, Browser(clients["staff"]))
    abroad.driver.work_all_waiting()
    assert broken == []
    missing = set(app.jinja_env.list_templates()) - rendered(app)
    assert {name for name in missing if "portal" not in name} == set(ELSEWHERE)
    assert {kind.kind for kind in mails()} >= {"receipt", "payment_failed", "dunning"}
    assert all(Path(test).is_file() for test in ELSEWHERE.values())
