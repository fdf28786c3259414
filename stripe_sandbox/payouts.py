"""Payouts: what a balance sends to the bank. An automatic one says which balance transactions are
in it, once Stripe has reconciled it; of a manual one nobody can say.

Source: https://docs.stripe.com/api/payouts, https://docs.stripe.com/payouts/reconciliation
"""

import time
from typing import Any

from stripe_sandbox import balance
from stripe_sandbox.call import Call
from stripe_sandbox.errors import ApiError
from stripe_sandbox.listing import page
from stripe_sandbox.params import PAGE, choice, integer, metadata, text
from stripe_sandbox.routing import route
from stripe_sandbox.store import Object

_STATUSES = ("paid", "pending", "in_transit", "canceled", "failed")


def pay_out(call: Call, currency: str) -> Object:
    """All that the balance holds in a currency goes to the bank, and is reconciled at once."""
    held = [
        movement
        for movement in call.store.select(call.account, "balance_transaction")
        if movement["currency"] == currency and "_payout" not in movement
    ]
    payout = _new(call, sum(each["net"] for each in held), currency, automatic=True)
    for movement in held:
        call.put({**movement, "status": "available", "_payout": payout["id"]})
    own = call.get(_take(call, payout)["balance_transaction"], "balance_transaction")
    call.put({**own, "_payout": payout["id"]})
    payout |= {"status": "paid", "reconciliation_status": "completed"}
    call.emit("payout.created", call.put(payout))
    call.emit("payout.paid", payout)
    call.emit("payout.reconciliation_completed", payout)
    return payout


@route(
    "POST",
    "/v1/payouts",
    {"amount": integer, "currency": text, "description": text, "metadata": metadata},
    required=("amount", "currency"),
)
def create(call: Call, params: dict[str, Any]) -> Object:
    """A manual payout."""
    if params["amount"] < 1:
        raise ApiError(400, "This value must be greater than or equal to 1.", param="amount")
    payout = _take(call, _new(call, params["amount"], params["currency"], automatic=False))
    payout |= {"status": "paid", "description": params.get("description")}
    call.emit("payout.created", call.put(payout))
    call.emit("payout.paid", payout)
    return payout


def _new(call: Call, amount: int, currency: str, *, automatic: bool) -> Object:
    return call.new(
        "payout",
        "po",
        amount=amount,
        application_fee=None,
        application_fee_amount=None,
        arrival_date=int(time.time()),
        automatic=automatic,
        balance_transaction=None,
        currency=currency,
        description="STRIPE PAYOUT" if automatic else None,
        destination="ba_sandbox",
        failure_balance_transaction=None,
        failure_code=None,
        failure_message=None,
        metadata={},
        method="standard",
        original_payout=None,
        payout_method=None,
        reconciliation_status="in_progress" if automatic else "not_applicable",
        reversed_by=None,
        source_type="card",
        statement_descriptor=None,
        status="pending",
        trace_id={"status": "supported", "value": f"TRACE{call.account[-4:].upper()}"},
        type="bank_account",
    )


def _take(call: Call, payout: Object) -> Object:
    """The balance shrinks by it."""
    movement = balance.record(call, "payout", payout, -payout["amount"])
    payout["balance_transaction"] = movement["id"]
    return call.put(payout)


@route("GET", "/v1/payouts/{payout_id}")
def retrieve(call: Call, _params: dict[str, Any], payout_id: str) -> Object:
    return call.get(payout_id, "payout")


@route("GET", "/v1/payouts", {"status": choice(*_STATUSES), **PAGE})
def list_(call: Call, params: dict[str, Any]) -> Object:
    return page(call, "payout", "/v1/payouts", params, "status")
