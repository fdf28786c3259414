"""A payment made at Stripe without us is recorded all the same."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.customers.models import Customer, SavedCard
from payments_app.payments.models import Transaction
from payments_app.payments.transactions.open import PaymentSource
from payments_app.staff.reports.aggregate import aggregate
from payments_app.staff.reports.rollup_models import DailyPayments
from tests.accounts.staff_driver import StaffDriver
from tests.bystanders import own
from tests.core.email_forms import FORMS, ONE
from tests.inbound.webhook_sender import WebhookSender, create_event
from tests.merchants.connected_merchants import account_id, api, create_ready_merchant, sell
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable


@atomic
def create_customer(session: Session, **fields: str) -> str:
    customer = Customer(**{"email": "bob@example.com"} | fields)
    session.add(customer)
    session.flush()
    return customer.id


def built(intent: dict[str, object]) -> Transaction:
    db.session.rollback()
    return db.session.scalars(
        select(Transaction).where(Transaction.stripe_payment_id == intent["id"])
    ).one()


def customers_of(transaction: Transaction) -> list[str]:
    return [record.payable_id for record in transaction.records if record.role == "customer"]


def tell(post: WebhookSender, intent: dict[str, object], what: str = "payment_failed") -> None:
    post.send(post.told(f"payment_intent.{what}", str(intent["id"])))


def test_a_failed_payment_is_created_and_filled(post: WebhookSender) -> None:
    intent = post.pay_elsewhere("pm_card_visa_chargeDeclinedInsufficientFunds")
    tell(post, intent)
    row = built(intent)
    assert (row.state, row.amount, row.currency) == ("failed", 2500, "usd")
    assert row.error_code == "card_declined"
    assert row.error["decline_code"] == "insufficient_funds"
    assert row.error_message


def test_the_failure_is_handled_as_any_other(post: WebhookSender, driver: PaymentDriver) -> None:
    intent = post.pay_elsewhere("pm_card_visa_chargeDeclined")
    tell(post, intent)
    row = built(intent)
    assert "payment.failed" in driver.happened(row.id)
    assert row.id in {message.subject for message in driver.messages("orders.on_payment")}


def test_a_successful_payment_is_recorded_too(post: WebhookSender) -> None:
    intent = post.pay_elsewhere()
    tell(post, intent, "succeeded")
    assert built(intent).state == "complete"


def test_it_is_built_once_from_many_events_at_once(
    post: WebhookSender, driver: PaymentDriver
) -> None:
    intent = post.pay_elsewhere()
    assert post.send_at_once([create_event(id=intent["id"]) for _ in range(5)]) == [200] * 5
    driver.work("payment_critical")
    assert driver.happened(built(intent).id).count("payment.completed") == 1


def test_it_is_linked_to_the_customer_of_its_stripe_id(post: WebhookSender) -> None:
    stripe_customer = post.stripe("customers", email="other@example.com")["id"]
    customer = create_customer(stripe_customer_id=stripe_customer)
    intent = post.pay_elsewhere("pm_card_chargeCustomerFail", customer=stripe_customer)
    tell(post, intent)
    assert customers_of(built(intent)) == [customer]
    assert db.session.query(Customer).where(own(Customer)).count() == 1


def test_it_is_linked_by_the_e_mail_of_the_stripe_customer(post: WebhookSender) -> None:
    customer = create_customer()
    stripe_customer = post.stripe("customers", email="Bob@Example.com")["id"]
    intent = post.pay_elsewhere(customer=stripe_customer)
    tell(post, intent, "succeeded")
    assert customers_of(built(intent)) == [customer]
    assert db.session.get(Customer, customer).stripe_customer_id == stripe_customer


@atomic
def keep_card(session: Session, customer: str, stripe_customer: str, *, joined: bool) -> None:
    card = {"payment_method": "pm_1", "brand": "visa", "last4": "4242"}
    session.add(
        SavedCard(
            customer_id=customer,
            stripe_customer_id=stripe_customer,
            joined_at=utcnow() if joined else None,
            **card,
        )
    )


@pytest.mark.parametrize("joined", [True, False])
def test_a_stripe_customer_that_an_unproved_buyer_got_is_not_the_accounts(
    post: WebhookSender, joined: bool
) -> None:
    customer = create_customer()
    stripe_customer = post.stripe("customers", email="bob@example.com")["id"]
    keep_card(customer, stripe_customer, joined=joined)
    intent = post.pay_elsewhere(customer=stripe_customer)
    tell(post, intent, "succeeded")
    assert customers_of(built(intent)) == [customer]
    found = db.session.get(Customer, customer).stripe_customer_id
    assert found == (stripe_customer if joined else None)


def test_a_second_stripe_customer_of_somebodys_stays_theirs(post: WebhookSender) -> None:
    owner = create_customer(stripe_customer_id="cus_first")
    second = post.stripe("customers", email="bob@example.com")["id"]
    keep_card(owner, second, joined=True)
    intent = post.pay_elsewhere(customer=second, receipt_email="other@example.com")
    tell(post, intent, "succeeded")
    assert customers_of(built(intent)) == [owner]
    taken = select(Customer.email).where(Customer.stripe_customer_id == second)
    assert db.session.scalars(taken).all() == []


def test_a_stripe_customer_whose_card_is_not_kept_yet_is_nobodys(
    post: WebhookSender, driver: PaymentDriver
) -> None:
    unproved = PaymentSource(payment_method="pm_card_visa_chargeDeclined", save_card=True)
    declined = driver.pay(source=unproved)
    alone = driver.read(declined).stripe_customer_id or ""
    intent = post.pay_elsewhere(customer=alone)
    tell(post, intent, "succeeded")
    assert built(intent).email == "ada@example.com"
    taken = select(Customer.email).where(Customer.stripe_customer_id == alone)
    assert db.session.scalars(taken).all() == []


def test_a_merchants_own_customer_is_not_the_accounts(
    post: WebhookSender, driver: PaymentDriver
) -> None:
    customer, merchant = create_customer(), create_ready_merchant(driver, "direct")
    sell(driver, merchant)  # so that our application is known
    account = account_id(merchant)
    theirs = api(driver, "POST", "customers", account, email="bob@example.com")["id"]
    wish = {"amount": 2500, "currency": "usd", "confirm": "true", "payment_method": "pm_card_visa"}
    wish |= {"allowed_payment_method_types[]": "card", "customer": theirs}
    intent = api(driver, "POST", "payment_intents", account, **wish)
    post.send(create_event(id=intent["id"]) | {"account": account})
    assert customers_of(built(intent)) == [customer]
    assert db.session.get(Customer, customer).stripe_customer_id is None


def test_it_waits_while_stripe_does_not_tell_the_address(
    post: WebhookSender, driver: PaymentDriver
) -> None:
    stripe_customer = post.stripe("customers", email="bob@example.com")["id"]
    intent = post.pay_elsewhere(customer=stripe_customer)
    driver.fail_stripe("500_before", "/v1/customers/", times=1)
    event = post.told("payment_intent.succeeded", intent["id"])
    post.send(event)
    assert post.state(event) == "received"
    driver.mend_stripe()
    driver.make_due("inbound.process")
    driver.work("payment_critical")
    assert built(intent).email == "bob@example.com"


def test_it_is_linked_by_the_e_mail_of_the_receipt(post: WebhookSender) -> None:
    customer = create_customer()
    intent = post.pay_elsewhere(receipt_email="bob@example.com")
    tell(post, intent, "succeeded")
    assert customers_of(built(intent)) == [customer]
    assert built(intent).email == "bob@example.com"


@pytest.mark.parametrize("written", FORMS)
def test_an_address_that_stripe_has_in_another_form_is_ours(
    post: WebhookSender, written: str
) -> None:
    intent = post.pay_elsewhere()
    charge = f"/_sandbox/charges/{intent['latest_charge']}"
    post.driver.sandbox("POST", charge, billing_details={"email": written.strip()})
    tell(post, intent, "succeeded")
    assert built(intent).email == ONE


def test_it_is_linked_once(post: WebhookSender, driver: PaymentDriver) -> None:
    create_customer()
    intent = post.pay_elsewhere(receipt_email="bob@example.com")
    tell(post, intent, "succeeded")
    post.send(create_event(id=intent["id"]))
    assert len(customers_of(built(intent))) == 1


def test_one_without_an_address_is_recorded_without_a_customer(post: WebhookSender) -> None:
    intent = post.pay_elsewhere()
    tell(post, intent, "succeeded")
    assert (built(intent).email, customers_of(built(intent))) == ("", [])


def test_an_intent_that_nobody_tried_to_pay_is_not_a_payment(post: WebhookSender) -> None:
    intent = post.stripe(
        "payment_intents",
        **{"amount": "500", "currency": "usd", "allowed_payment_method_types[]": "card"},
    )
    post.stripe(f"payment_intents/{intent['id']}/cancel")
    event = post.told("payment_intent.canceled", intent["id"])
    post.send(event)
    assert post.state(event) == "processed"
    assert db.session.query(Transaction).where(own(Transaction)).count() == 0


def test_a_built_payment_is_never_charged_by_us(post: WebhookSender, driver: PaymentDriver) -> None:
    intent = post.pay_elsewhere()
    tell(post, intent, "succeeded")
    driver.work_all_waiting()
    assert [found["id"] for found in driver.intents()] == [intent["id"]]
    assert driver.messages("charge") == []


CARD = "4242 4242 4242 4242"


def test_a_card_number_that_somebody_typed_at_stripe_is_neither_kept_nor_shown(
    post: WebhookSender, driver: PaymentDriver
) -> None:
    other = post.pay_elsewhere(description="Two mugs", receipt_email="bob@example.com")
    tell(post, other, "succeeded")
    typed = {"description": f"By phone, {CARD}", "receipt_email": "4242424242424242@example.com"}
    intent = post.pay_elsewhere(**typed, **{"metadata[card]": CARD})
    tell(post, intent, "succeeded")
    row = built(intent)
    assert (row.description, row.email) == ("By phone, [card number cut, ends in 4242]", "")
    assert customers_of(row) == []
    page = StaffDriver(driver.app).signed_in("admin").get(f"/staff/payments/{row.id}").text
    assert "By phone, [card number cut" in page
    assert [number for number in (CARD, "4242" * 4) if number in page] == []
    assert (built(other).description, built(other).email) == ("Two mugs", "bob@example.com")


def test_neither_is_one_that_is_the_address_of_the_stripe_customer(post: WebhookSender) -> None:
    customer = post.stripe("customers", email="4242424242424242@example.com")["id"]
    intent = post.pay_elsewhere(customer=customer)
    tell(post, intent, "succeeded")
    assert (built(intent).email, db.session.query(Customer).where(own(Customer)).count()) == ("", 0)


def test_an_address_that_no_column_holds_is_none(post: WebhookSender) -> None:
    intent = post.pay_elsewhere(receipt_email=f"{chr(0x130) * 240}@example.com")
    tell(post, intent, "succeeded")
    assert (built(intent).state, built(intent).email) == ("complete", "")


@pytest.mark.parametrize("amount", [2**63 - 1, 10**12, 2**63, -1, "2500", True, None])
def test_an_amount_beyond_stripes_own_most_is_set_aside_and_reports_go_on(
    post: WebhookSender, driver: PaymentDriver, amount: object
) -> None:
    other, odd = post.pay_elsewhere(), post.pay_elsewhere()
    fields = {"amount": amount, "amount_received": amount}
    driver.sandbox("POST", f"/_sandbox/payment_intents/{odd['id']}", **fields)
    for intent in (other, odd):
        tell(post, intent, "succeeded")
    assert post.state(post.told("payment_intent.succeeded", odd["id"])) == "quarantined"
    assert post.alerts() == ["webhook_quarantined"]
    assert db.session.query(Transaction).where(own(Transaction)).count() == 1
    assert built(other).state == "complete"
    aggregate()
    assert db.session.scalars(select(DailyPayments.amount)).all() == [2500]


def test_the_most_that_stripe_takes_is_recorded(post: WebhookSender, driver: PaymentDriver) -> None:
    intents = [post.pay_elsewhere() for _ in range(3)]
    most = 10**12 - 1
    for intent in intents:
        fields = {"amount": most, "amount_received": most}
        driver.sandbox("POST", f"/_sandbox/payment_intents/{intent['id']}", **fields)
        tell(post, intent, "succeeded")
    aggregate()
    assert db.session.scalars(select(DailyPayments.amount)).all() == [3 * most]
