"""What others did on our account at Stripe meanwhile, and what can't be read there."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from payments_app.core.alerts import Alert
from payments_app.core.extensions import db
from payments_app.core.web import links
from payments_app.customers.find import customer_for
from payments_app.customers.models import Customer, SavedCard
from payments_app.payments.disputes.warn import OPENED, warn
from payments_app.payments.models import Transaction
from payments_app.subscriptions.models import Subscription
from tests.bystanders import own
from tests.checkout.keyed import buy, made
from tests.customers.mailed_link import link_for, press_continue
from tests.inbound.webhook_sender import WebhookSender
from tests.ledger.concurrency import claim
from tests.merchants.connected_merchants import (
    account_id,
    api,
    create_ready_merchant,
    create_sale,
)
from tests.restore.drill import VISA, Drill, done

CAROL, BILLS = "carol@example.com", "bills@example.com"
FRAUD = "4000000000005423"  # https://docs.stripe.com/testing#radar
MADE = {"amount": 700, "currency": "usd"}
PAYS = {
    "confirm": "true",
    "payment_method": "pm_card_visa",
    "return_url": "https://example.com/",
}
ASKS = PAYS | {"payment_method": "pm_card_authenticationRequired"}


def rows() -> list[Transaction]:
    db.session.rollback()
    return list(db.session.scalars(select(Transaction).where(own(Transaction))))


@pytest.mark.parametrize("before", [BILLS, None])
def test_a_kept_card_comes_back_to_who_proved_the_address_whatever_its_bills_say(
    drill: Drill, before: str | None
) -> None:
    if before is not None:
        drill.bought("before", email=before)
    drill.back_up()
    carol = _carol(drill)
    token = drill.token(VISA, BILLS, keep=True)
    wish = {"item": "coffee-club", "email": CAROL, "confirmation_token": token}
    bought = made(buy(drill.browser, "member", payment_method=None, **wish))
    drill.work()
    drill.restore_backup()
    done(drill.restore(say="y"))
    card = db.session.scalars(select(SavedCard).where(own(SavedCard))).one()
    member = db.session.scalars(select(Subscription).where(own(Subscription))).one()
    assert {card.customer_id, member.customer_id} == {carol}
    assert db.session.get_one(Customer, carol).email == CAROL
    assert drill.read(bought).email == CAROL


def _carol(drill: Drill) -> str:
    """Carol, whose browser this is."""
    with db.session.begin():
        carol = customer_for(db.session(), CAROL).id
    path = link_for(carol, "/account").removeprefix(links.absolute(""))
    with drill.app.app_context():
        assert press_continue(drill.browser, path).status_code == 303
    return carol


@pytest.mark.parametrize("how", ["succeeded", "requires_action", "canceled"])
def test_a_card_that_another_program_kept_at_stripe_is_no_payment(drill: Drill, how: str) -> None:
    drill.back_up()
    more = {
        "succeeded": PAYS,
        "requires_action": ASKS,
        "canceled": {},
    }[how]
    setup = api(drill, "POST", "setup_intents", usage="off_session", **more)
    if how == "canceled":
        api(drill, "POST", f"setup_intents/{setup['id']}/cancel")
    drill.bought("after")
    drill.restore_backup()
    done(drill.restore(say="y"))
    assert [row.amount for row in rows()] == [1099]


@pytest.mark.parametrize("how", ["asked", "held", "canceled"])
def test_a_payment_that_another_program_has_not_finished_is_left_to_it(
    drill: Drill, how: str
) -> None:
    drill.back_up()
    more = {
        "asked": ASKS,
        "held": PAYS | {"capture_method": "manual"},
        "canceled": {},
    }[how]
    intent = api(drill, "POST", "payment_intents", **MADE, **more)["id"]
    if how == "canceled":
        api(drill, "POST", f"payment_intents/{intent}/cancel")
    drill.restore_backup()
    done(drill.restore(say="y"))
    assert (rows(), drill.waiting("expire_action"), drill.waiting("look_up")) == ([], 0, 0)


def test_a_merchants_own_payment_is_theirs_whatever_its_metadata_says(drill: Drill) -> None:
    sold = drill.pay(order=create_sale(create_ready_merchant(drill, "direct")))
    drill.back_up()
    row = drill.read(sold)
    said = (row.stripe_data or {})["metadata"] | {"transaction_id": f"txn_{'a' * 26}"}
    copied = {f"metadata[{name}]": value for name, value in said.items()}
    account = row.connected_account_id or ""
    theirs = api(drill, "POST", "payment_intents", account, **MADE, **PAYS, **copied)["id"]
    drill.sandbox("POST", f"/_sandbox/payment_intents/{theirs}", application=None)
    drill.restore_backup()
    done(drill.restore(say="y"))
    assert [one.id for one in rows()] == [sold]


def test_a_card_that_was_tried_elsewhere_after_the_backup_is_an_attempt_of_its_own(
    drill: Drill,
) -> None:
    post = WebhookSender(drill)
    intent = post.pay_elsewhere("pm_card_visa_chargeDeclinedInsufficientFunds")["id"]
    post.send(post.told("payment_intent.payment_failed", intent))
    drill.back_up()
    post.stripe(f"payment_intents/{intent}/confirm", payment_method="pm_card_visa")
    drill.restore_backup()
    done(drill.restore(say="y"))
    assert sorted((row.attempt, row.state) for row in rows()) == [(1, "failed"), (2, "complete")]
    assert post.alerts() == []


def test_a_status_that_we_do_not_know_is_named_and_keeps_nothing_closed(drill: Drill) -> None:
    drill.back_up()
    odd = api(drill, "POST", "payment_intents", **MADE)["id"]
    drill.sandbox("POST", f"/_sandbox/payment_intents/{odd}", status="requires_review")
    bought = drill.bought("after")
    drill.restore_backup()
    said = done(drill.restore(say="y"))
    assert f"{odd} at Stripe was not taken in: Stripe says: requires_review." in said
    assert drill.read(bought).phase == "complete"


def test_a_merchant_who_left_keeps_nothing_closed(drill: Drill) -> None:
    order = create_sale(create_ready_merchant(drill, "direct"))
    open_payment = drill.pay("pm_card_authenticationRequired", order)
    account = drill.read(open_payment).connected_account_id
    drill.back_up()
    drill.sandbox("POST", f"/_sandbox/accounts/{account}/deauthorize")
    drill.restore_backup()
    assert f"{account} can't be read at Stripe: look whether it left us." in done(
        drill.restore(say="y")
    )


def test_a_merchant_who_was_connected_after_the_backup_is_named(drill: Drill) -> None:
    here = create_ready_merchant(drill, "direct")
    drill.back_up()
    order = create_sale(create_ready_merchant(drill, "direct"))
    theirs = drill.read(drill.pay(order=order)).connected_account_id
    drill.restore_backup()
    said = done(drill.restore(say="y"))
    assert f"{theirs} was connected after the backup, and its merchant is not here" in said
    assert f"{account_id(here)} was connected" not in said


def test_it_says_that_what_only_this_database_knew_is_lost(drill: Drill) -> None:
    drill.back_up()
    drill.restore_backup()
    assert "subscriptions that were ended" in done(drill.restore(say="y"))


def test_where_nothing_waits_it_says_so(drill: Drill) -> None:
    drill.back_up()
    drill.restore_backup()
    said = done(drill.restore("--backup-taken", "2026-01-01", say="y"))
    assert "Nothing is waiting to be sent." in said
    assert "This waits for your yes" not in said


def test_what_banks_warned_of_after_the_backup_is_told_again(drill: Drill) -> None:
    """Of a payment that the backup has, and of one that it does not have; once."""
    told = drill.bought("told", FRAUD)
    look_at_warnings(drill, told)
    warned = drill.bought("warned", FRAUD)
    drill.back_up()
    anew, other = drill.bought("anew", FRAUD), drill.bought("other")
    drill.restore_backup()
    said = done(drill.restore(say="y"))
    happened = [drill.happened(one).count(OPENED) for one in (told, warned, anew, other)]
    assert happened == [1, 1, 1, 0]
    assert "is about no payment" not in said
    alerts = select(Alert.transaction_id).where(own(Alert), Alert.kind == "early_fraud_warning")
    assert sorted(db.session.scalars(alerts)) == sorted([told, warned, anew])


def look_at_warnings(drill: Drill, paid: str) -> None:
    intent = drill.read(paid).stripe_payment_id or ""
    warn(intent, claim(intent))
