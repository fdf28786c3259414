"""Payments played from beginning to end, for whoever lets workers die in the middle of them."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.request import request_refund
from payments_app.payments.retries.request import request_retry
from payments_app.payments.transactions.open import PaymentSource
from tests.chaos.lab import Lab
from tests.inbound.webhook_sender import WebhookSender

DECLINED = "pm_card_visa_chargeDeclined"
ASKED = "pm_card_threeDSecure2Required"


def a_good_card(lab: Lab) -> None:
    lab.driver.open()
    lab.work()


def a_declined_card(lab: Lab) -> None:
    lab.driver.open(DECLINED)
    lab.work()


def nothing_to_pay(lab: Lab) -> None:
    lab.driver.open(amount=0)
    lab.work()


def another_card_after_a_decline(lab: Lab) -> None:
    order = lab.driver.create_order()
    first = lab.driver.open(DECLINED, order)
    lab.work()
    if lab.driver.read(first).state != "failed":
        return
    lab.driver.open("pm_card_visa", order)
    lab.work()


def a_bank_check_passed(lab: Lab) -> None:
    transaction = lab.driver.open(ASKED)
    lab.work()
    if lab.driver.read(transaction).phase != "requires_action":
        return
    lab.driver.pass_bank_check(transaction)
    _tell(lab, "payment_intent.succeeded", transaction)


def a_bank_check_abandoned(lab: Lab) -> None:
    transaction = lab.driver.open(ASKED)
    lab.work()
    lab.driver.age(transaction, 31 * 60)
    lab.driver.make_due("expire_action")
    lab.work()


def an_answer_lost_after_charging(lab: Lab) -> None:
    lab.driver.fail_stripe("drop_after", "/confirm$")
    lab.driver.open()
    lab.work()
    lab.driver.make_due("look_up")
    lab.work()


def an_error_that_stripe_saved(lab: Lab) -> None:
    lab.driver.fail_stripe("500_before", "/confirm$")
    lab.driver.open()
    lab.work()
    lab.driver.make_due("look_up")
    lab.work()


def a_request_that_stripe_refused_by_our_mistake(lab: Lab) -> None:
    refused = {"message": "Received unknown parameter: x", "code": "parameter_unknown"}
    lab.driver.fail_stripe("refuse", "/confirm$", set=refused, saved=True)
    lab.driver.open()
    lab.work()
    lab.driver.make_due("charge")
    lab.work()


def a_saved_card_that_is_gone_at_stripe(lab: Lab) -> None:
    new = PaymentSource(payment_method="pm_card_visa", save_card=True, customer_known=True)
    kept = lab.driver.read(lab.driver.pay(source=new))
    card, customer = kept.stripe_data["payment_method"], kept.stripe_customer_id
    WebhookSender(lab.driver).stripe(f"payment_methods/{card}/detach")
    lab.driver.open(
        source=PaymentSource(payment_method=card, stripe_customer_id=customer, off_session=True)
    )
    lab.work()


def an_event_before_our_own_commit(lab: Lab) -> None:
    transaction = lab.driver.open()
    lab.driver.fail_stripe("drop_after", "/confirm$")
    lab.work("charges")
    if lab.driver.read(transaction).stripe_payment_id:
        _tell(lab, "payment_intent.succeeded", transaction)


def an_earlier_attempt_found_paid(lab: Lab) -> None:
    """It was declined; then somebody paid its intent without us, and no event reached us."""
    order = lab.driver.create_order()
    first = lab.driver.pay(DECLINED, order)
    lab.driver.confirm_behind_our_back(first, "pm_card_visa")
    lab.driver.open("pm_card_visa", order)
    lab.work()


def a_refund_in_part(lab: Lab) -> None:
    paid = lab.driver.pay()
    request_refund(paid, 300, reason="a part was broken", actor="ada")
    lab.work()


def two_refunds_of_all(lab: Lab) -> None:
    paid = lab.driver.pay()
    for amount in (799, 300):
        request_refund(paid, amount, reason="sent back", actor="ada")
    lab.work()


def a_refund_whose_answer_was_lost(lab: Lab) -> None:
    paid = lab.driver.pay()
    lab.driver.fail_stripe("drop_after", "/v1/refunds$")
    request_refund(paid, 300, reason="a part was broken", actor="ada")
    lab.work()
    lab.driver.make_due("refunds.look_up")
    lab.work()


def a_retry(lab: Lab) -> None:
    failed = declined_with_a_saved_card(lab)
    mend_saved_card(lab, failed)
    request_retry(failed, "ada")
    lab.work()


def declined_with_a_saved_card(lab: Lab) -> str:
    """A failed payment of a card that is saved at Stripe; not struck itself."""
    post = WebhookSender(lab.driver)
    customer = post.stripe("customers", email="ada@example.com")["id"]
    card = post.stripe("payment_methods/pm_card_chargeCustomerFail/attach", customer=customer)
    source = PaymentSource(payment_method=card["id"], stripe_customer_id=customer, off_session=True)
    return lab.driver.pay(source=source)


@atomic
def _use_card(session: Session, transaction_id: str, card: str) -> None:
    session.execute(
        update(Transaction).where(Transaction.id == transaction_id).values(payment_method=card)
    )


def mend_saved_card(lab: Lab, transaction: str) -> None:
    """The saved card is replaced by one that works."""
    customer = lab.driver.read(transaction).stripe_customer_id or ""
    post = WebhookSender(lab.driver)
    card = post.stripe("payment_methods/pm_card_visa/attach", customer=customer)["id"]
    _use_card(transaction, card)


def _tell(lab: Lab, kind: str, transaction: str) -> None:
    """Stripe posts its event; our own processes do what follows."""
    intent = lab.driver.read(transaction).stripe_payment_id
    listed = lab.driver.sandbox("GET", f"/v1/events?type={kind}&limit=100")["data"]
    for event in listed:
        if event["data"]["object"]["id"] == intent:
            WebhookSender(lab.driver).send(event, work=False)
    lab.work()


PAYMENTS = (
    a_good_card,
    a_declined_card,
    nothing_to_pay,
    another_card_after_a_decline,
    a_bank_check_passed,
    a_bank_check_abandoned,
    an_answer_lost_after_charging,
    an_error_that_stripe_saved,
    an_event_before_our_own_commit,
    a_refund_in_part,
    two_refunds_of_all,
    a_refund_whose_answer_was_lost,
    a_retry,
    a_request_that_stripe_refused_by_our_mistake,
    a_saved_card_that_is_gone_at_stripe,
)
