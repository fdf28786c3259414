"""Whatever buyers, banks, Stripe and our own machines do, in any order: the invariants hold."""

from __future__ import annotations

import contextlib
import secrets
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from chaos.witness import Witness
from parts.postgres import libpq
from parts.schema import empty_tables
from payments_app.core.extensions import db
from payments_app.payments.refunds.request import RefundRefusedError, request_refund
from tests.chaos.lab import QUEUES, Lab
from tests.chaos.strikes import die
from tests.inbound.webhook_sender import WebhookSender, create_event

# Each shop begins with empty tables, and its workers die as they will.
pytestmark = [pytest.mark.alone, pytest.mark.expects_failure]
CARDS = (
    "pm_card_visa",
    "pm_card_visa_chargeDeclined",
    "pm_card_threeDSecure2Required",
    "pm_card_threeDSecureRequiredChargeDeclined",
)
FAULTS = ("drop_after", "drop_before", "500_before", "500_after", "truncate", "rate_limit")
# Not the lists: the books are read by them.
CALLS = (
    {"method": "POST", "path": "/v1/payment_intents$"},
    {"method": "POST", "path": "/confirm$"},
    {"method": "POST", "path": "/cancel$"},
    {"method": "POST", "path": "/v1/refunds$"},
    {"method": "GET", "path": "/v1/payment_intents/pi_"},
)


class Checkout(RuleBasedStateMachine):
    """Buyers of one shop. `lab` is set by the test."""

    lab: Lab

    def __init__(self) -> None:
        super().__init__()
        db.session.remove()
        with psycopg.connect(libpq(self.lab.driver.config.database_url), autocommit=True) as server:
            empty_tables(server)
        self.lab.driver.mend_stripe()
        self.lab.forget()
        self.client = self.lab.driver.app.test_client()
        self.webhook_sender = WebhookSender(self.lab.driver)
        self.witness = Witness()
        self.name = secrets.token_hex(4)  # Redis still knows the keys of the last shop
        self.orders: list[str] = []
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.transactions: list[str] = []

    @rule(card=st.sampled_from(CARDS))
    def order_and_pay(self, card: str) -> None:
        self.orders.append(self.lab.driver.create_order())
        self._post(self.orders[-1], card)

    @precondition(lambda self: self.orders)
    @rule(card=st.sampled_from(CARDS), which=st.integers(0, 9))
    def pay_again(self, card: str, which: int) -> None:
        self._post(self.orders[which % len(self.orders)], card)

    @precondition(lambda self: self.sent)
    @rule(which=st.integers(0, 9))
    def resend(self, which: int) -> None:
        self._send(*self.sent[which % len(self.sent)])

    @rule(queue=st.sampled_from(QUEUES))
    def work(self, queue: str) -> None:
        self.lab.work(queue)

    @rule(queue=st.sampled_from(QUEUES), step=st.integers(1, 20))
    def die_at_work(self, queue: str, step: int) -> None:
        with self.lab.watched(lambda number, name: die(name) if number == step else None):
            self.lab.work(queue)

    @rule(fault=st.sampled_from(FAULTS), call=st.sampled_from(CALLS))
    def spoil_a_call(self, fault: str, call: dict[str, str]) -> None:
        self.lab.driver.sandbox("POST", "/_sandbox/faults", fault=fault, match=call)

    @rule()
    def lose_redis(self) -> None:
        self.lab.driver.app.extensions["wake_up_redis"].flushall()

    @precondition(lambda self: self.transactions)
    @rule(which=st.integers(0, 9), answer=st.sampled_from(("complete", "fail")))
    def answer_the_bank(self, which: int, answer: str) -> None:
        transaction = self._transaction(which)
        if self.lab.driver.read(transaction).phase == "requires_action":
            self.lab.driver.answer_bank_check(transaction, answer)

    @precondition(lambda self: self.transactions)
    @rule(which=st.integers(0, 9), amount=st.sampled_from((300, 800, 1099)))
    def staff_refund(self, which: int, amount: int) -> None:
        with contextlib.suppress(RefundRefusedError):
            request_refund(self._transaction(which), amount, reason="sent back", actor="ada")

    @precondition(lambda self: self.transactions)
    @rule(which=st.integers(0, 30))
    def stripe_tells(self, which: int) -> None:
        listed = self.lab.told()
        if listed:
            self.webhook_sender.send(listed[which % len(listed)], work=False)

    @precondition(lambda self: self.transactions)
    @rule(which=st.integers(0, 9))
    def somebody_forges_an_event(self, which: int) -> None:
        intent = self.lab.driver.read(self._transaction(which)).stripe_payment_id or "pi_none"
        event = create_event(id=intent, status="succeeded")
        assert self.webhook_sender.send_bytes(str(event).encode(), "t=1,v1=0").status_code == 400

    @rule(minutes=st.sampled_from((1, 16, 31)))
    def time_goes_by(self, minutes: int) -> None:
        self.lab.pass_time(minutes)

    @precondition(lambda self: self.transactions)
    @rule(which=st.integers(0, 9))
    def look(self, which: int) -> None:
        answer = self.client.get(
            f"/transactions/{self._transaction(which)}", headers={"Accept": "application/json"}
        )
        self.witness.see(answer.get_json())

    @invariant()
    def the_books_agree(self) -> None:
        assert self.lab.broken_now() == []

    def teardown(self) -> None:
        self.lab.finish()
        found = self.lab.broken() + self.witness.compare(self.lab.read().transactions)
        assert found == []

    def _transaction(self, which: int) -> str:
        return self.transactions[which % len(self.transactions)]

    def _post(self, order: str, card: str) -> None:
        body = {"item": order, "email": "ada@example.com", "payment_method": card}
        self.sent.append((f"{self.name}-{len(self.sent)}", body))
        self._send(*self.sent[-1])

    def _send(self, key: str, body: dict[str, Any]) -> None:
        answer = self.client.post("/transactions", json=body, headers={"Idempotency-Key": key})
        if answer.status_code == 202:
            cookie = self.client.get_cookie("session")
            self.witness.acknowledge(key, answer.get_json()["id"], cookie and cookie.value)
            self.transactions.append(answer.get_json()["id"])
        else:
            assert answer.status_code == 409, answer.get_json()


def _run(lab: Lab, examples: int) -> None:
    """So many shops, the same ones each time. What fails is not made smaller: each step runs on
    real parts, and a thousand tries to leave one out would take hours."""
    Checkout.lab = lab
    run_state_machine_as_test(
        Checkout,
        settings=settings(
            max_examples=examples,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.slow
def test_the_invariants_hold_whatever_happens(lab: Lab) -> None:
    _run(lab, 5)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_the_invariants_hold_in_many_shops(lab: Lab) -> None:
    _run(lab, 60)
