"""In a made-up language no mail of a buyer shows a sentence that is in no catalogue."""

from __future__ import annotations

from flask import Flask

from demo.downloads import add_demo_downloads
from payments_app.core.money import Money
from payments_app.notices.payment_link import send_payment_link
from payments_app.notices.receipts import write_failure_notice
from payments_app.payment_requests.ask import Wish, ask
from payments_app.payments.disputes.refresh import refresh as refresh_disputes
from payments_app.payments.refunds.refresh import refresh as refresh_refunds
from payments_app.payments.refunds.request import request_refund
from payments_app.subscriptions.renew import stage_due
from tests.checkout.checkout_client import BROWSER, FIELD, CheckoutClient
from tests.languages import test_pages
from tests.languages.test_pages import english_of_mail, read_pseudo
from tests.languages.visits import visits
from tests.ledger.concurrency import claim
from tests.notices.sent_mails import mails
from tests.own_worker import work_all_due
from tests.payments.driver import PaymentDriver
from tests.refunds.refund_steps import move_on, read
from tests.refunds.test_disputes import answer, their_dispute
from tests.subscriptions.billing_driver import BillingDriver, at

checkout, pseudo = test_pages.checkout, test_pages.pseudo


def reads(app: Flask, *kinds: str) -> None:
    """Mails of these kinds were written, and none says anything in English."""
    written = [mail for mail in mails() if mail.kind in kinds]
    assert {mail.kind for mail in written} == set(kinds)
    assert [line for mail in written for line in english_of_mail(app, mail)] == []


def pay(checkout: CheckoutClient, card: str = "pm_card_visa", item: str = "field-notes") -> str:
    """By the form, as somebody who reads this language; the payment's id."""
    sent = checkout.send(checkout.form(item), card)
    checkout.work()
    return sent.location.rpartition("/")[2]


@visits("mail/refund_failed.html", "mail/refund_failed.txt")
def test_a_refund_that_did_not_arrive(checkout: CheckoutClient) -> None:
    paid = pay(checkout, "pm_card_refundFail")
    with checkout.app.app_context():
        refund = request_refund(paid, 500, reason="It arrived broken", actor="ada")
        work_all_due()
        move_on(PaymentDriver(checkout.app), refund)
        at_stripe = read(refund).stripe_refund_id or ""
        refresh_refunds(at_stripe, claim(at_stripe))
        work_all_due()
        reads(checkout.app, "refund_failed")


@visits("mail/dispute_lost.html", "mail/dispute_lost.txt")
def test_a_dispute_that_was_lost(checkout: CheckoutClient) -> None:
    pay(checkout, "pm_card_createDispute")
    with checkout.app.app_context():
        driver = PaymentDriver(checkout.app)
        answer(driver, "losing_evidence")
        refresh_disputes(their_dispute(driver), claim("dispute"))
        work_all_due()
        reads(checkout.app, "dispute_lost")


@visits("mail/payment_failed.html", "mail/payment_failed.txt")
def test_a_payment_that_failed(checkout: CheckoutClient) -> None:
    declined = pay(checkout, "pm_card_visa_chargeDeclined")
    with checkout.app.app_context():
        write_failure_notice(declined, claim("failure"))
        reads(checkout.app, "payment_failed")


@visits("mail/download.html", "mail/download.txt")
def test_a_download(checkout: CheckoutClient) -> None:
    with checkout.app.app_context():
        add_demo_downloads()
    pay(checkout, item="folding-pattern")
    with checkout.app.app_context():
        work_all_due()
        reads(checkout.app, "download", "receipt")


@visits("mail/account_link.html", "mail/account_link.txt", "customers/asked.html")
def test_a_link_to_sign_in(checkout: CheckoutClient) -> None:
    pay(checkout)
    form = dict(FIELD.findall(checkout.page("/account").text)) | {"email": "ada@example.com"}
    page = checkout.client.post("/account/links", data=form, headers=BROWSER).text
    assert test_pages.english(checkout, page) == []
    with checkout.app.app_context():
        work_all_due()
        reads(checkout.app, "account_link")


@visits("mail/payment_link.html", "mail/payment_link.txt")
def test_a_link_to_pay(checkout: CheckoutClient) -> None:
    pay(checkout)
    with checkout.app.test_request_context():
        read_pseudo()
        asked = ask(Wish(Money(2500, "usd"), "Field Notes", email="ada@example.com"), "staff")[0]
        send_payment_link(asked, "ada")
        reads(checkout.app, "payment_link")


@visits("mail/trial_ending.html", "mail/trial_ending.txt")
def test_a_trial_that_ends(app: Flask) -> None:
    with app.app_context():
        billing = BillingDriver(app)
        billing.join("2026-01-31", plan=billing.plan("club", 500, trial_days=14))
        read_pseudo()
        stage_due(at("2026-02-12"))
        billing.work("payment_standard")
        reads(app, "trial_ending")


@visits(
    *("mail/dunning.html", "mail/dunning.txt"),
    *("mail/subscription_ended.html", "mail/subscription_ended.txt"),
)
def test_a_bill_that_is_not_paid(app: Flask) -> None:
    with app.app_context():
        billing = BillingDriver(app)
        member = billing.join("2026-03-01")
        read_pseudo()
        billing.take_card(member, "pm_card_chargeCustomerFail")
        for day in ("2026-04-01", "2026-04-02", "2026-04-04", "2026-04-06", "2026-04-08"):
            billing.go_to(day)
            billing.work("payment_standard")
        reads(app, "dunning", "subscription_ended")
