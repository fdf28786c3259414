"""Events of merchants' accounts, transfers and fees."""

from __future__ import annotations

import pytest

from payments_app.merchants.accounts import state_of
from tests.inbound.webhook_sender import PostOffice, create_event
from tests.merchants.connected_merchants import (
    account,
    account_id,
    api,
    create_merchant,
    create_ready_merchant,
    records,
    sell,
)
from tests.payments.driver import Till

pytestmark = pytest.mark.portable


def test_an_update_of_an_account_has_it_read_again(post: PostOffice, till: Till) -> None:
    merchant = create_merchant(till)
    stripe_id = account_id(merchant)
    till.sandbox("POST", f"/_sandbox/accounts/{stripe_id}/onboard")
    post.send(create_event("account.updated", id=stripe_id) | {"account": stripe_id})
    till.work("default")
    assert state_of(account(merchant)) == "ready"


def test_a_merchant_who_left_is_disconnected(post: PostOffice, till: Till) -> None:
    merchant = create_ready_merchant(till)
    stripe_id = account_id(merchant)
    till.sandbox("POST", f"/_sandbox/accounts/{stripe_id}/deauthorize")
    left = create_event("account.application.deauthorized", id="ca_1", object="application")
    post.send(left | {"account": stripe_id})
    till.work("default")
    assert state_of(account(merchant)) == "disconnected"
    assert "merchant_left" in post.alerts()


def test_news_of_an_account_that_is_nobodys_here_changes_nothing(
    post: PostOffice, till: Till
) -> None:
    other = api(till, "POST", "accounts", type="express")["id"]
    event = create_event("account.updated", id=other) | {"account": other}
    post.send(event)
    till.work("default")
    assert post.state(event) == "processed"


def test_a_payment_of_an_account_that_is_nobodys_here_is_set_aside(post: PostOffice) -> None:
    event = create_event() | {"account": "acct_of_somebody"}
    post.send(event)
    assert post.state(event) == "quarantined"


def test_a_payment_on_a_merchants_account_is_settled_by_its_event(
    post: PostOffice, till: Till
) -> None:
    merchant = create_ready_merchant(till, "direct")
    transaction = sell(till, merchant, "pm_card_threeDSecure2Required")
    assert till.read(transaction).phase == "requires_action"
    till.pass_bank_check(transaction)
    told = create_event(id=till.read(transaction).stripe_payment_id)
    post.send(told | {"account": account_id(merchant)})
    assert till.read(transaction).phase == "complete"


@pytest.mark.parametrize("type", ["transfer.reversed", "application_fee.refunded"])
def test_what_is_taken_back_at_stripe_is_recorded_by_its_event(
    post: PostOffice, till: Till, type: str
) -> None:
    transaction = sell(till, create_ready_merchant(till))
    (transfer,) = api(till, "GET", "transfers")["data"]
    (fee,) = api(till, "GET", "application_fees")["data"]
    api(till, "POST", f"transfers/{transfer['id']}/reversals", amount=700)
    api(till, "POST", f"application_fees/{fee['id']}/refunds", amount=7)
    charge = transfer["source_transaction"]
    post.send(create_event(type, id="x_1", source_transaction=charge, charge=charge))
    assert {("platform", "transfer_reversal", 700), ("platform", "application_fee_refund", 7)} <= {
        *records(transaction)
    }
