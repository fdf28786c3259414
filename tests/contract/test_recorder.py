"""What a recording keeps of a test, and what it never holds."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
import stripe

from tests.contract.recorder import Recorder, cut
from tests.contract.spoil import spoil


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    recorder = Recorder()
    yield recorder
    recorder.close()


@pytest.fixture
def key() -> str:
    return f"sk_test_{secrets.token_hex(12)}"


@pytest.fixture
def v1(sandbox_url: str, recorder: Recorder, key: str) -> Any:
    addresses = {"api": sandbox_url}
    return stripe.StripeClient(key, base_addresses=addresses, http_client=recorder).v1


def intent() -> dict[str, Any]:
    return {"amount": 1099, "currency": "usd", "allowed_payment_method_types": ["card"]}


def test_each_answer_is_kept_in_its_order(v1: Any, recorder: Recorder) -> None:
    made = v1.payment_intents.create(intent(), {"idempotency_key": "k"})
    v1.payment_intents.create(intent(), {"idempotency_key": "k"})
    v1.payment_intents.cancel(made.id)
    with pytest.raises(stripe.InvalidRequestError):
        v1.payment_intents.retrieve("pi_nobody1")
    kept = [(each["call"], each["status"], each["replayed"]) for each in recorder.answers()]
    assert kept == [
        ("POST /v1/payment_intents", 200, False),
        ("POST /v1/payment_intents", 200, True),
        ("POST /v1/payment_intents/<id>/cancel", 200, False),
        ("GET /v1/payment_intents/<id>", 404, False),
    ]
    assert recorder.answers()[0]["body"]["id"] == made.id


def test_of_a_repeated_read_the_last_is_kept(v1: Any, recorder: Recorder) -> None:
    made = v1.payment_intents.create(intent())
    v1.payment_intents.retrieve(made.id)
    v1.payment_intents.retrieve(made.id)
    v1.payment_intents.cancel(made.id)
    v1.payment_intents.retrieve(made.id)
    assert [each["body"]["status"] for each in recorder.answers()] == [
        "requires_payment_method",
        "requires_payment_method",
        "canceled",
        "canceled",
    ]


def test_no_key_and_no_secret_is_kept(v1: Any, recorder: Recorder, key: str) -> None:
    made = v1.payment_intents.create(intent())
    secret = v1.webhook_endpoints.create({"url": "http://127.0.0.1:9/", "enabled_events": ["*"]})
    kept = json.dumps(recorder.answers())
    assert made.id in kept
    for hidden in (key, "Authorization", "Bearer", made.client_secret, secret.secret):
        assert hidden not in kept


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Invalid API Key provided: sk_test_****dp7dc", "Invalid API Key provided: sk_test_cut"),
        ("rk_live_51Hx", "rk_live_cut"),
        ("whsec_abc123", "whsec_cut"),
        ("pi_1_secret_abc", "pi_1_secret_cut"),
        ("https://pay.stripe.com/receipts/payment/CAcaF?s=ap", "https://pay.stripe.com/cut"),
        ("owner@shop.example.org", "cut@example.com"),
        ("ada@example.com", "ada@example.com"),
        ("ch_3Abc", "ch_3Abc"),
    ],
)
def test_what_is_cut(said: str, kept: str) -> None:
    assert cut(json.dumps({"said": said})) == json.dumps({"said": kept})


@pytest.mark.parametrize("fault", ["unauthorized", "rate_limit", "500_before", "drop_after"])
def test_a_test_that_was_not_answered_has_failed(
    v1: Any, recorder: Recorder, sandbox_url: str, key: str, fault: str
) -> None:
    v1.payment_intents.create(intent())
    assert not recorder.failed
    spoil(sandbox_url, key, fault)
    with pytest.raises(stripe.StripeError):
        v1.payment_intents.create(intent())
    assert recorder.failed
