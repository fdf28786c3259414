"""Fault scripts: what the client sees, and what Stripe did meanwhile."""

import json
from typing import Any
from urllib.error import HTTPError

import pytest
import stripe

from parts.process import wait_until
from tests.sandbox.shop import WITHIN, Inbox, card_payment, confirmed

KEY = {"idempotency_key": "order-1"}
LOST = stripe.APIConnectionError


def charges(v1: Any) -> int:
    return len(v1.charges.list().data)


@pytest.mark.parametrize(
    ("fault", "error", "charged"),
    [
        ("rate_limit", stripe.RateLimitError, 0),
        ("lock_timeout", stripe.RateLimitError, 0),
        ("409_in_flight", stripe.APIError, 0),
        ("500_before", stripe.APIError, 0),
        ("500_after", stripe.APIError, 1),
        ("drop_before", LOST, 0),
        ("drop_after", LOST, 1),
        ("truncate", LOST, 1),
        ("html_200", stripe.APIError, 1),
        ("html_502", stripe.APIError, 0),
        ("unauthorized", stripe.AuthenticationError, 0),
        ("forbidden", stripe.PermissionError, 0),
    ],
)
def test_a_fault_is_seen_and_charges_or_not(
    v1: Any, control: Any, fault: str, error: type[Exception], charged: int
) -> None:
    control("POST", "faults", {"fault": fault, "match": {"method": "POST"}})
    with pytest.raises(error):
        v1.payment_intents.create(confirmed(), KEY)
    assert charges(v1) == charged


def test_an_answer_says_what_a_rule_lets_it_say(v1: Any, control: Any) -> None:
    control("POST", "faults", {"fault": "say", "set": {"status": "xyz_new"}})
    intent = v1.payment_intents.create(confirmed(), KEY)
    assert (intent.status, intent.amount) == ("xyz_new", confirmed()["amount"])
    assert v1.payment_intents.retrieve(intent.id).status == "succeeded"


def test_a_limit_of_one_operation_leaves_the_others_alone(v1: Any, control: Any) -> None:
    control("POST", "limits", {"operation": 1})
    intent = v1.payment_intents.create(card_payment())

    def hurry() -> None:
        for _ in range(20):
            v1.payment_intents.create(card_payment())

    with pytest.raises(stripe.RateLimitError):
        hurry()
    assert v1.payment_intents.retrieve(intent.id).id == intent.id
    control("POST", "limits", {"operation": None})
    assert v1.payment_intents.create(card_payment()).id


@pytest.mark.parametrize("saved", [True, False])
def test_a_refused_request_is_replayed_for_its_key_only_where_it_was_saved(
    v1: Any, control: Any, saved: bool
) -> None:
    said = {"message": "Received unknown parameter: x", "code": "parameter_unknown", "param": "x"}
    control("POST", "faults", {"fault": "refuse", "set": said, "saved": saved})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        v1.payment_intents.create(confirmed(), KEY)
    assert (refused.value.code, refused.value.param) == ("parameter_unknown", "x")
    if not saved:
        assert v1.payment_intents.create(confirmed(), KEY).status == "succeeded"
        return
    with pytest.raises(stripe.InvalidRequestError) as again:
        v1.payment_intents.create(confirmed(), KEY)
    assert again.value.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("fault", ["500_before", "500_after"])
def test_a_500_is_replayed_for_its_key(v1: Any, control: Any, fault: str) -> None:
    control("POST", "faults", {"fault": fault})
    for replayed in (None, "true"):
        with pytest.raises(stripe.APIError) as caught:
            v1.payment_intents.create(confirmed(), KEY)
        assert caught.value.http_status == 500
        assert caught.value.headers.get("Idempotent-Replayed") == replayed


@pytest.mark.parametrize("fault", ["drop_after", "truncate", "html_200"])
def test_a_lost_answer_is_replayed_for_its_key(v1: Any, control: Any, fault: str) -> None:
    control("POST", "faults", {"fault": fault})
    with pytest.raises(stripe.StripeError):
        v1.payment_intents.create(confirmed(), KEY)
    assert v1.payment_intents.create(confirmed(), KEY).status == "succeeded"
    assert charges(v1) == 1


@pytest.mark.parametrize("fault", ["rate_limit", "drop_before", "unauthorized"])
def test_what_was_not_executed_can_be_repeated(v1: Any, control: Any, fault: str) -> None:
    control("POST", "faults", {"fault": fault})
    with pytest.raises(stripe.StripeError):
        v1.payment_intents.create(confirmed(), KEY)
    assert v1.payment_intents.create(confirmed(), KEY).status == "succeeded"


def test_a_lock_timeout_has_its_code_in_the_error_only(v1: Any, control: Any) -> None:
    control("POST", "faults", {"fault": "lock_timeout"})
    with pytest.raises(stripe.RateLimitError) as caught:
        v1.payment_intents.create(card_payment())
    assert caught.value.error.code == "lock_timeout"


@pytest.fixture
def short_timeout(sandbox_url: str, key: str) -> Any:
    """A client that leaves after 0.3 seconds."""
    transport = stripe.RequestsClient(timeout=(3, 0.3))
    return stripe.StripeClient(
        key, base_addresses={"api": sandbox_url}, max_network_retries=0, http_client=transport
    ).v1


def test_a_hanging_answer_comes_after_the_client_left(
    v1: Any, short_timeout: Any, control: Any
) -> None:
    control("POST", "faults", {"fault": "hang", "ms": 5000})
    with pytest.raises(LOST):
        short_timeout.payment_intents.create(confirmed())
    assert charges(v1) == 1


def test_a_slow_call_charges_after_the_client_left(
    v1: Any, short_timeout: Any, control: Any
) -> None:
    control("POST", "faults", {"fault": "slow", "ms": 1000})
    with pytest.raises(LOST):
        short_timeout.payment_intents.create(confirmed())
    assert wait_until(lambda: charges(v1) == 1, WITHIN)


def test_the_delay_holds_payment_calls_only(short_timeout: Any, control: Any) -> None:
    control("POST", "delay", {"ms": 2000})
    short_timeout.customers.create({})
    with pytest.raises(LOST):
        short_timeout.payment_intents.create(card_payment())


def test_a_rule_strikes_the_nth_matching_call(v1: Any, control: Any) -> None:
    rule = {"fault": "rate_limit", "match": {"path": "payment_intents$", "nth": 2}}
    control("POST", "faults", rule)
    v1.payment_intents.create(card_payment())
    v1.customers.create({})
    with pytest.raises(stripe.RateLimitError):
        v1.payment_intents.create(card_payment())
    v1.payment_intents.create(card_payment())


def test_a_rule_without_end_strikes_until_it_is_cleared(v1: Any, control: Any) -> None:
    control("POST", "faults", [{"fault": "forbidden", "times": None}])
    for _ in range(2):
        with pytest.raises(stripe.PermissionError):
            v1.customers.create({})
    assert control("GET", "faults")["rules"][0]["struck"] == 2
    assert control("DELETE", "faults")["rules"] == []
    v1.customers.create({})


def test_a_seeded_rule_strikes_alike(v1: Any, control: Any) -> None:
    rule = {"fault": "rate_limit", "times": None, "probability": 0.5, "seed": 7}
    runs = []
    for _ in range(2):
        control("POST", "faults", rule)
        run = ""
        for _ in range(12):
            try:
                v1.customers.list()
                run += "."
            except stripe.RateLimitError:
                run += "x"
        runs.append(run)
        control("DELETE", "faults")
    assert runs[0] == runs[1]
    assert set(runs[0]) == {".", "x"}


def test_the_log_tells_what_was_executed_and_what_replayed(v1: Any, control: Any) -> None:
    for _ in range(2):
        v1.payment_intents.create(confirmed(), KEY)
    v1.customers.create({})
    log = control("GET", "requests?path=payment_intents")["requests"]
    assert [(each["idempotency_key"], each["replayed"], each["executed"]) for each in log] == [
        ("order-1", False, True),
        ("order-1", True, False),
    ]


def create_endpoint(v1: Any, control: Any, inbox: Inbox) -> None:
    control("POST", "webhook_endpoints", {"url": inbox.url, "secret": "whsec_known"})


def test_an_endpoint_can_be_given_a_known_secret(v1: Any, control: Any, inbox: Inbox) -> None:
    create_endpoint(v1, control, inbox)
    v1.customers.create({})
    inbox.wait_for("customer.created")
    assert stripe.Webhook.construct_event(*inbox.posts[0], "whsec_known")


def test_events_can_be_doubled_and_late(v1: Any, control: Any, inbox: Inbox) -> None:
    create_endpoint(v1, control, inbox)
    control("POST", "webhook_faults", {"duplicate": 2, "delay_ms": [10, 200], "shuffle": True})
    v1.customers.create({})
    assert wait_until(lambda: len(inbox.posts) == 3, WITHIN)
    assert len({json.loads(body)["id"] for body, _ in inbox.posts}) == 1


def test_a_lost_event_can_be_listed_and_sent_again(v1: Any, control: Any, inbox: Inbox) -> None:
    create_endpoint(v1, control, inbox)
    control("POST", "webhook_faults", {"drop": 1})
    v1.customers.create({})
    control("POST", "webhook_faults", {})
    missed = v1.events.list({"delivery_success": False}).data
    assert [event.type for event in missed] == ["customer.created"]
    control("POST", f"events/{missed[0].id}/resend", {})
    inbox.wait_for("customer.created")
    assert len(inbox.posts) == 1


def test_a_slow_bank_leaves_the_payment_processing(v1: Any, control: Any) -> None:
    control("POST", "slow_banks", {"ms": 60_000})
    intent = v1.payment_intents.create(confirmed())
    assert (intent.status, charges(v1)) == ("processing", 0)
    control("POST", f"payment_intents/{intent.id}/move", {})
    assert v1.payment_intents.retrieve(intent.id).status == "succeeded"


def test_a_slow_bank_answers_by_itself(v1: Any, control: Any) -> None:
    control("POST", "slow_banks", {"ms": 10})
    intent = v1.payment_intents.create(confirmed("pm_card_chargeDeclined"))
    open_again = "requires_payment_method"
    assert wait_until(lambda: v1.payment_intents.retrieve(intent.id).status == open_again, WITHIN)


def test_forgotten_keys_execute_again(v1: Any, control: Any) -> None:
    first = v1.payment_intents.create(confirmed(), KEY)
    control("DELETE", "idempotency_keys")
    assert v1.payment_intents.create(confirmed(), KEY).id != first.id


def test_an_expired_token_pays_nothing(v1: Any, control: Any) -> None:
    token = v1.test_helpers.confirmation_tokens.create({"payment_method": "pm_card_visa"}).id
    control("POST", f"confirmation_tokens/{token}/expire", {})
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.payment_intents.create(card_payment(confirm=True, confirmation_token=token))
    assert caught.value.code == "payment_intent_confirmation_token_invalid"


def test_an_event_of_any_kind_can_be_told(v1: Any, control: Any, inbox: Inbox) -> None:
    create_endpoint(v1, control, inbox)
    payout = {"id": "po_1", "object": "payout", "amount": 500}
    control("POST", "events", {"type": "payout.paid", "object": payout})
    inbox.wait_for("payout.paid")


def test_a_control_without_its_field_names_it(control: Any) -> None:
    with pytest.raises(HTTPError) as caught:
        control("POST", "webhook_endpoints", {"url": "http://127.0.0.1:9/"})
    with caught.value as answer:
        assert json.load(answer)["error"]["param"] == "secret"
