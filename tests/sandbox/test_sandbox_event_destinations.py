"""Event destinations of API v2 with JSON bodies, and API v1's webhook endpoints among them."""

import time
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import stripe

from tests.sandbox.shop import Inbox, card_payment

VERSION = "2026-10-28.endive"
INCLUDE_URL = {"include": ["webhook_endpoint.url"]}


@pytest.fixture
def client(sandbox_url: str, key: str) -> stripe.StripeClient:
    return stripe.StripeClient(key, base_addresses={"api": sandbox_url}, max_network_retries=0)


@pytest.fixture
def destinations(client: stripe.StripeClient) -> Any:
    return client.v2.core.event_destinations


def snapshot(url: str, **fields: Any) -> dict[str, Any]:
    return {
        "name": "Shop",
        "type": "webhook_endpoint",
        "enabled_events": ["payment_intent.created"],
        "event_payload": "snapshot",
        "events_from": ["@self"],
        "snapshot_api_version": VERSION,
        "webhook_endpoint": {"url": url},
        **fields,
    }


def thin(url: str) -> dict[str, Any]:
    made = snapshot(
        url,
        event_payload="thin",
        enabled_events=["v2.core.account.updated"],
        events_from=["@accounts"],
    )
    return {name: value for name, value in made.items() if name != "snapshot_api_version"}


def test_a_destination_gives_its_secret_once(destinations: Any, v1: Any, inbox: Inbox) -> None:
    made = destinations.create(
        snapshot(inbox.url, include=["webhook_endpoint.signing_secret", "webhook_endpoint.url"])
    )
    v1.payment_intents.create(card_payment())
    inbox.wait_for("payment_intent.created")
    secret = made.webhook_endpoint.signing_secret
    stripe.Webhook.construct_event(*inbox.posts[0], secret)
    again = destinations.retrieve(made.id, INCLUDE_URL)
    assert (again.webhook_endpoint.url, again.webhook_endpoint.signing_secret) == (inbox.url, None)
    assert (again.snapshot_api_version, again.events_from) == (VERSION, ["@self"])


def test_endpoints_of_api_v1_are_listed_as_well(destinations: Any, v1: Any) -> None:
    url = "https://pay.example.com/hook"
    endpoint = v1.webhook_endpoints.create({"url": url, "enabled_events": ["*"], "connect": True})
    made = destinations.create(thin(url))
    listed = {each.id: each for each in destinations.list(INCLUDE_URL).data}
    assert set(listed) == {endpoint.id, made.id}
    assert listed[endpoint.id].events_from == ["@accounts"]
    assert listed[endpoint.id].webhook_endpoint.url == url
    assert [each.id for each in v1.webhook_endpoints.list().data] == [endpoint.id]


def test_a_long_list_goes_on(destinations: Any) -> None:
    made = {destinations.create(snapshot("https://a.example/")).id for _ in range(3)}
    page = destinations.list({"limit": 2, **INCLUDE_URL})
    assert (len(page.data), page.next_page_url is None) == (2, False)
    assert {each.id for each in page.auto_paging_iter()} == made


def test_a_disabled_destination_gets_nothing_until_it_is_enabled(
    destinations: Any, v1: Any, inbox: Inbox
) -> None:
    made = destinations.create(snapshot(inbox.url))
    assert destinations.disable(made.id).status == "disabled"
    v1.payment_intents.create(card_payment())
    assert destinations.enable(made.id).status == "enabled"
    last = v1.payment_intents.create(card_payment()).id
    inbox.wait_for("payment_intent.created")
    assert [last in body.decode() for body, _ in inbox.posts] == [True]


def test_a_deleted_destination_is_gone(destinations: Any) -> None:
    made = destinations.create(snapshot("https://a.example/"))
    assert destinations.delete(made.id).to_dict() == {
        "id": made.id,
        "object": "v2.core.event_destination",
    }
    assert destinations.list().data == []


def test_events_and_metadata_can_be_changed(destinations: Any) -> None:
    made = destinations.create(snapshot("https://a.example/"))
    destinations.update(made.id, {"enabled_events": ["refund.created"], "metadata": {"a": "b"}})
    changed = destinations.retrieve(made.id)
    assert (changed.enabled_events, changed.metadata.a) == (["refund.created"], "b")


def test_an_endpoint_of_api_v1_is_changed_and_disabled(v1: Any) -> None:
    made = v1.webhook_endpoints.create({"url": "https://a.example/", "enabled_events": ["*"]})
    v1.webhook_endpoints.update(made.id, {"enabled_events": ["refund.created"], "disabled": True})
    changed = v1.webhook_endpoints.list().data[0]
    assert (changed.enabled_events, changed.status) == (["refund.created"], "disabled")


def test_a_ping_comes_as_a_thin_event(
    destinations: Any, client: stripe.StripeClient, inbox: Inbox
) -> None:
    made = destinations.create(thin(inbox.url) | {"include": ["webhook_endpoint.signing_secret"]})
    destinations.ping(made.id)
    inbox.wait_for("v2.core.event_destination.ping")
    secret = made.webhook_endpoint.signing_secret
    told = client.parse_event_notification(*inbox.posts[0], secret)
    assert told.related_object.id == made.id  # type: ignore[union-attr]


@pytest.mark.wrong_parameters
@pytest.mark.parametrize(
    "wrong",
    [
        {"enabled_events": ["v2.core.account.updated"]},
        {"event_payload": "thin"},
        {"type": "carrier_pigeon"},
        {"colour": "red"},
    ],
)
def test_a_destination_that_makes_no_sense_is_refused(
    destinations: Any, wrong: dict[str, Any]
) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        destinations.create(snapshot("https://a.example/") | wrong)


def test_a_domain_is_registered_once(v1: Any) -> None:
    made = v1.payment_method_domains.create({"domain_name": "pay.example.com"})
    again = v1.payment_method_domains.create({"domain_name": "pay.example.com"})
    assert (again.id, made.apple_pay.status) == (made.id, "active")
    v1.payment_method_domains.update(made.id, {"enabled": False})
    listed = v1.payment_method_domains.list({"domain_name": "pay.example.com"}).data
    assert [each.enabled for each in listed] == [False]
    assert v1.payment_method_domains.validate(made.id).apple_pay.status == "active"
    assert v1.payment_method_domains.retrieve(made.id).enabled is False


def test_an_address_is_no_domain(v1: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        v1.payment_method_domains.create({"domain_name": "127.0.0.1"})


def test_the_account_itself_can_be_changed(v1: Any, control: Any) -> None:
    control("POST", "account", {"charges_enabled": False})
    assert v1.accounts.retrieve_current().charges_enabled is False
    control("POST", "account", {})
    assert v1.accounts.retrieve_current().charges_enabled is True


def test_a_newer_version_than_stripes_own_is_refused(sandbox_url: str, key: str) -> None:
    client = stripe.StripeClient(
        key, base_addresses={"api": sandbox_url}, stripe_version="2027-02-01.fig"
    )
    with pytest.raises(stripe.InvalidRequestError, match="Invalid Stripe API version"):
        client.v1.accounts.retrieve_current()


def test_answers_carry_the_time(v1: Any) -> None:
    answer = v1.balance.retrieve()
    told = parsedate_to_datetime(answer.last_response.headers["Date"])
    assert abs(told.timestamp() - time.time()) < 60
    assert answer.pending[0].currency == "usd"
