"""Thin events (`object: "v2.core.event"`) name an object and say nothing of it."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from payments_app.inbound.kinds import THIN_HANDLINGS
from payments_app.merchants.accounts import state_of
from tests.inbound.webhook_sender import WebhookSender, create_event
from tests.merchants.connected_merchants import account, account_id, api, create_merchant
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable

REQUIREMENTS = "v2.core.account[requirements].updated"


def thin(type: str = REQUIREMENTS, about: str | None = None, **more: Any) -> dict[str, Any]:
    """As stripe/v2/core/_event.py of Stripe's library reads one."""
    related = {"id": about, "type": "v2.core.account", "url": f"/v2/core/accounts/{about}"}
    return {
        "id": f"evt_test_65{secrets.token_hex(24)}",
        "object": "v2.core.event",
        "type": type,
        "created": "2026-11-20T09:15:02.123Z",
        "livemode": False,
        "context": about,
        "reason": None,
        "related_object": related if about else None,
    } | more


@pytest.mark.parametrize("type", sorted(THIN_HANDLINGS))
def test_a_thin_event_has_its_account_read_again(
    post: WebhookSender, driver: PaymentDriver, type: str
) -> None:
    merchant = create_merchant(driver)
    driver.sandbox("POST", f"/_sandbox/accounts/{account_id(merchant)}/onboard")
    event = thin(type, account_id(merchant))
    assert post.send(event).status_code == 200
    driver.work("default")
    assert (state_of(account(merchant)), post.state(event)) == ("ready", "processed")


def test_a_thin_event_that_comes_twice_is_one(post: WebhookSender, driver: PaymentDriver) -> None:
    event = thin(about=account_id(create_merchant(driver)))
    assert post.send(event).json == {"received": "late"}
    assert post.send(event).json == {"received": "duplicate"}
    staged = [message.dedupe_key for message in driver.messages("merchants.refresh_account")]
    assert len([key for key in staged if event["id"] in key]) == 1


def test_a_thin_event_of_an_account_that_is_nobodys_here_changes_nothing(
    post: WebhookSender, driver: PaymentDriver
) -> None:
    event = thin(about=api(driver, "POST", "accounts", type="express")["id"])
    post.send(event)
    driver.work("default")
    assert (post.state(event), post.alerts()) == ("processed", [])


@pytest.mark.parametrize(
    "event",
    [
        thin("v2.core.event_destination.ping"),
        thin("v2.core.account_person.updated", "acct_1"),
        thin("v1.billing.meter.no_meter_found", context=None),
        thin("payment_intent.succeeded", "acct_1"),
        thin(object="v3.core.event"),
        create_event("account.updated") | {"object": "v3.core.event", "account": "acct_1"},
    ],
    ids=lambda event: f"{event['object']} {event['type']}",
)
def test_an_event_of_a_kind_that_we_do_not_know_is_taken_and_ignored(
    post: WebhookSender, event: dict[str, Any]
) -> None:
    assert post.send(event).status_code == 200
    assert (post.state(event), post.alerts()) == ("ignored", [])


def test_a_thin_event_that_names_no_account_is_set_aside(post: WebhookSender) -> None:
    event = thin()
    assert post.send(event).status_code == 200
    assert post.state(event) == "quarantined"


@pytest.mark.parametrize(
    "odd",
    [
        {"id": "acct_1"},
        {"type": None},
        {"created": "yesterday"},
        {"created": "2026-11-20T09:15:02"},
        {"created": "0001-01-01T00:00:00Z"},
        {"created": None},
        {"livemode": "no"},
        {"object": ["v2.core.event"]},
        {"object": None},
    ],
)
def test_a_signed_body_that_is_no_thin_event_is_refused(
    post: WebhookSender, odd: dict[str, Any]
) -> None:
    assert post.send(thin(about="acct_1") | odd).status_code == 400


@pytest.mark.parametrize(
    "related", [7, [], {}, {"id": 7, "type": 7}, {"id": "acct_\u0000"}, "acct_1"]
)
def test_an_odd_related_object_names_nothing(post: WebhookSender, related: object) -> None:
    event = thin(related_object=related, context=related)
    assert post.send(event).status_code == 200
    assert post.state(event) == ("processed" if related == "acct_1" else "quarantined")
