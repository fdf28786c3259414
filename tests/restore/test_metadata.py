"""What Stripe is told of a payment beside the money: enough to know it again, nothing personal."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from payments_app.checkout.keys import row_key
from payments_app.core.extensions import db
from payments_app.orders.models import Order
from payments_app.payments.models import Transaction
from tests.restore.drill import Drill

EMAIL, KEY = "ada.byron@example.com", "ada.byron-order-7"


def test_an_intent_says_what_it_pays_for_and_whose_wish_it_was(drill: Drill) -> None:
    transaction = drill.bought(KEY, email=EMAIL, item="tea-tin", quantity=2)
    row = drill.read(transaction)
    (pays_for,) = (record for record in row.records if record.role == "pays_for")
    order = drill.order(pays_for.payable_id)
    said = drill.intents()[0]["metadata"]
    assert said["transaction_id"] == transaction
    assert said["client_key"] == row.idempotency_key == row_key(KEY, None)
    assert (said["payable_type"], said["payable_id"]) == ("order", order.id)
    assert said["payable_number"] == order.number
    assert said["payable_line_1"] == f"2 {order.lines[0].amount} tea-tin"


def test_a_host_that_can_not_say_its_facts_is_paid_without_them(
    drill: Drill, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = drill.bought("other", item="tea-tin")
    monkeypatch.setattr(Order, "stripe_facts", lambda self: {"room": self.nothing})
    transaction = drill.bought(KEY, email=EMAIL)
    assert [drill.read(one).phase for one in (other, transaction)] == ["complete"] * 2
    said = drill.intents()[0]["metadata"]
    assert (said["transaction_id"], said["payable_type"]) == (transaction, "order")
    assert "payable_room" not in said


def test_nothing_personal_is_in_it(drill: Drill) -> None:
    drill.bought(KEY, email=EMAIL)
    said = str(drill.intents()[0]["metadata"])
    fingerprint = db.session.scalar(select(Transaction.fingerprint).where(_of(EMAIL)))
    assert not any(word in said for word in ("ada.byron", "byron", "example.com", str(fingerprint)))


def test_the_fingerprint_at_stripe_is_of_this_installation_alone(drill: Drill) -> None:
    drill.bought("k1", email=EMAIL)
    here = drill.intents()[0]["metadata"]
    with drill.another_secret():
        drill.bought("k2", email=EMAIL)
    there = drill.intents()[0]["metadata"]
    assert here["wish"] != there["wish"]
    assert here["installation"] != there["installation"]


def test_a_key_of_before_keys_were_hashed_is_not_told(drill: Drill) -> None:
    drill.open(idempotency_key="checkout:ada@example.com")
    drill.work("charges")
    assert "client_key" not in drill.intents()[0]["metadata"]


def test_a_retry_is_told_by_its_key(drill: Drill) -> None:
    key = f"retry-{drill.open()}-1"
    drill.open(idempotency_key=key)
    drill.work("charges")
    assert key in {intent["metadata"].get("client_key") for intent in drill.intents()}


def test_stripe_is_never_asked_to_write_to_a_buyer(drill: Drill) -> None:
    drill.bought("k1", email=EMAIL)
    drill.join()
    drill.go_to("2026-02-28")
    sent = drill.intents()
    assert len(sent) == 3
    assert {intent.get("receipt_email") for intent in sent} == {None}
    assert not any("receipt_email" in str(_parameters(drill, intent)) for intent in sent)


def _parameters(drill: Drill, intent: dict[str, Any]) -> Any:
    return drill.read(intent["metadata"]["transaction_id"]).parameters


def _of(email: str) -> Any:
    return Transaction.email == email
