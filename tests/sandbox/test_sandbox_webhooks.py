"""Events: what is said of each change, and how it reaches an endpoint."""

import json
from typing import Any

import pytest
import stripe

from parts.process import wait_until
from tests.sandbox.shop import MINUTE, WITHIN, Inbox, card_payment, confirmed


def create_endpoint(v1: Any, inbox: Inbox, *types: str) -> str:
    endpoint = v1.webhook_endpoints.create(
        {"url": inbox.url, "enabled_events": list(types) or ["*"]}
    )
    return str(endpoint.secret)


def newest(v1: Any, about: Any, **kinds: Any) -> Any:
    """The newest event of these kinds, once it is the one about this object."""
    found: list[Any] = []

    def look() -> bool:
        found[:] = v1.events.list({"limit": 1, **kinds}).data
        return bool(found) and found[0].data.object.id == about.id

    assert wait_until(look, MINUTE)
    return found[0]


def test_a_payment_is_told_signed(v1: Any, inbox: Inbox) -> None:
    secret = create_endpoint(v1, inbox)
    intent = v1.payment_intents.create(confirmed())
    inbox.wait_for("payment_intent.created", "charge.succeeded", "payment_intent.succeeded")
    events = [stripe.Webhook.construct_event(*post, secret) for post in inbox.posts]
    told = next(event for event in events if event.type == "payment_intent.succeeded")
    assert told.data.object.id == intent.id


def test_a_decline_is_told(v1: Any, inbox: Inbox) -> None:
    create_endpoint(v1, inbox)
    with pytest.raises(stripe.CardError):
        v1.payment_intents.create(confirmed("pm_card_chargeDeclined"))
    inbox.wait_for("payment_intent.payment_failed", "charge.failed")


def test_an_endpoint_hears_only_what_it_asked_for(v1: Any, inbox: Inbox) -> None:
    create_endpoint(v1, inbox, "payment_intent.canceled")
    intent = v1.payment_intents.create(card_payment())
    v1.payment_intents.cancel(intent.id)
    inbox.wait_for("payment_intent.canceled")
    assert set(inbox.types()) == {"payment_intent.canceled"}


def test_an_event_is_sent_again_until_it_is_taken(v1: Any, inbox: Inbox) -> None:
    inbox.statuses = [500, 503]
    create_endpoint(v1, inbox, "customer.created")
    v1.customers.create({})
    assert wait_until(lambda: len(inbox.posts) == 3, WITHIN)
    assert len({body for body, _ in inbox.posts} | {inbox.posts[0][0]}) == 1


def test_undelivered_events_are_listed(v1: Any, inbox: Inbox) -> None:
    inbox.statuses = [500] * 50
    create_endpoint(v1, inbox, "customer.created")
    v1.customers.create({})
    v1.payment_intents.create(card_payment())
    missed = v1.events.list({"delivery_success": False}).data
    assert [event.type for event in missed] == ["customer.created"]
    inbox.statuses = []
    assert wait_until(lambda: not v1.events.list({"delivery_success": False}).data, WITHIN)


@pytest.mark.contract
def test_events_are_listed_by_type(v1: Any) -> None:
    intent = v1.payment_intents.create(confirmed())
    event = newest(v1, intent, types=["payment_intent.succeeded", "refund.created"])
    assert v1.events.retrieve(event.id).type == "payment_intent.succeeded"


@pytest.mark.contract
def test_the_request_that_caused_an_event_is_named(v1: Any, once: dict[str, str]) -> None:
    made = v1.customers.create({}, once)
    event = newest(v1, made, type="customer.created")
    assert json.loads(str(event.request)) == {
        "id": made.last_response.request_id,
        **once,
    }


def test_a_deleted_endpoint_is_not_listed(v1: Any, inbox: Inbox) -> None:
    create_endpoint(v1, inbox)
    v1.webhook_endpoints.delete(v1.webhook_endpoints.list().data[0].id)
    assert v1.webhook_endpoints.list().data == []


def test_a_thin_destination_hears_of_connected_accounts_and_nothing_else(
    v1: Any, control: Any, inbox: Inbox, sandbox_url: str, key: str
) -> None:
    secret = "whsec_thin"
    control(
        "POST",
        "webhook_endpoints",
        {"url": inbox.url, "secret": secret, "connect": True, "thin": True},
    )
    account = v1.accounts.create({"type": "express"}).id
    v1.payment_intents.create(confirmed())
    control("POST", f"accounts/{account}/onboard", {})
    inbox.wait_for("v2.core.account[requirements].updated")
    assert all(type.startswith("v2.core.account") for type in inbox.types())
    client = stripe.StripeClient(key, base_addresses={"api": sandbox_url})
    told = client.parse_event_notification(*inbox.posts[0], secret)
    assert (told.object, told.related_object.id) == ("v2.core.event", account)
    assert str(told.context) == account


def test_a_snapshot_destination_hears_no_thin_event(v1: Any, control: Any, inbox: Inbox) -> None:
    v1.webhook_endpoints.create({"url": inbox.url, "enabled_events": ["*"], "connect": True})
    account = v1.accounts.create({"type": "express"}).id
    control("POST", f"accounts/{account}/onboard", {})
    v1.payment_intents.create(confirmed(), {"stripe_account": account})
    inbox.wait_for("account.updated", "payment_intent.succeeded")
    assert not [type for type in inbox.types() if type.startswith("v2.")]
