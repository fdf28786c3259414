"""Customers of an application, the cards that they agreed to have kept, and charges of those
without them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import func, select

from payments_app.core.extensions import db
from payments_app.customers.models import SavedCard
from payments_app.keeping.erase import ask_for_erasure
from payments_app.payment_requests.consents import KEPT_VERSION, KEPT_WORDS
from payments_app.payment_requests.customer_models import ApplicationCustomer, CardConsent
from payments_app.payments.models import Transaction
from payments_app.payments.transactions.check import request_check
from tests.accounts.staff_driver import StaffDriver
from tests.api.application import Application, new_key
from tests.bystanders import own
from tests.own_worker import work_all_due
from tests.payments.driver import PaymentDriver

pytestmark = [pytest.mark.portable, pytest.mark.dialect]

ADA = {"id": "ada-7", "email": "ada@example.com", "name": "Ada"}
BOB = {"id": "bob-8", "email": "bob@example.com"}


def stored(application: Application, sent: dict[str, str] = ADA) -> dict[str, Any]:
    answer = application.post("customers", sent)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def follow(application: Application) -> None:
    with application.app.app_context():
        for _ in range(2):
            work_all_due()


def kept(
    application: Application,
    customer: str = "ada-7",
    card: str = "pm_card_visa",
    email: str = "ada@example.com",
) -> dict[str, Any]:
    """A card of this customer, kept by a payment of theirs; they pass their bank's check."""
    made = application.asked(customer=customer, save_card=True)
    transaction = application.pay(made["id"], card, email).json["id"]
    with application.app.app_context():
        driver = PaymentDriver(application.app)
        if driver.read(transaction).phase == "requires_action":
            driver.pass_bank_check(transaction)
            request_check(transaction)
    follow(application)
    found: dict[str, Any] = cards(application, customer)[0]
    return found


def cards(application: Application, customer: str = "ada-7") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = application.get(f"customers/{customer}/cards").json["data"]
    return found


def charged(application: Application, card: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A payment with this card that was asked for, worked on, and read."""
    wish = {"customer": "ada-7", "payment_method": card["payment_method"]}
    made = application.asked(**(wish | changes))
    follow(application)
    return application.payment(made["id"])


def transactions(application: Application) -> int:
    with application.app.app_context():
        count = select(func.count()).select_from(Transaction).where(own(Transaction))
        return db.session.scalar(count) or 0


def test_a_customer_is_stored_once_by_the_application_s_own_id(
    shop_application: Application,
) -> None:
    first, again = stored(shop_application), stored(shop_application)
    assert first == again
    assert (first["id"], first["email"], first["name"]) == ("ada-7", "ada@example.com", "Ada")
    moved = stored(shop_application, {"id": "ada-7", "email": "ada@example.org"})
    assert (moved["email"], moved["name"]) == ("ada@example.org", None)
    assert moved["created_at"] == first["created_at"]
    assert shop_application.get("customers/ada-7").json == moved
    with shop_application.app.app_context():
        rows = select(func.count()).select_from(ApplicationCustomer)
        assert db.session.scalar(rows.where(own(ApplicationCustomer))) == 1


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"id": "a/b"}, "id"),
        ({"id": ".."}, "id"),
        ({"id": ""}, "id"),
        ({"id": "x" * 101}, "id"),
        ({"id": "ada\n"}, "id"),
        ({"email": "nobody"}, "email"),
        ({"name": "  "}, "name"),
        ({"phone": "1"}, "phone"),
    ],
)
def test_what_is_wrong_with_a_customer_is_named(
    shop_application: Application, changes: dict[str, str], param: str
) -> None:
    answer = shop_application.post("customers", ADA | changes)
    assert (answer.status_code, answer.json["error"]["param"]) == (422, param)


@pytest.mark.parametrize("field", ["id", "name"])
def test_a_customer_is_no_card_s_number(shop_application: Application, field: str) -> None:
    answer = shop_application.post("customers", ADA | {field: "4242424242424242"})
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "card_number")
    assert "4242" not in answer.text


def test_customers_are_listed_page_by_page(shop_application: Application) -> None:
    for name in ("c-1", "c-2", "c-3"):
        stored(shop_application, ADA | {"id": name})
    first = shop_application.get("customers", limit=2).json
    assert ([one["id"] for one in first["data"]], first["has_more"]) == (["c-3", "c-2"], True)
    rest = shop_application.get("customers", limit=2, after="c-2").json
    assert ([one["id"] for one in rest["data"]], rest["has_more"]) == (["c-1"], False)
    assert shop_application.get("customers", after="c-9").status_code == 422


def test_a_card_is_kept_with_the_words_that_its_owner_agreed_to(
    shop_application: Application,
) -> None:
    stored(shop_application)
    stored(shop_application, BOB)
    card = kept(shop_application)
    assert (card["brand"], card["last4"]) == ("visa", "4242")
    assert card["payment_method"].startswith("pm_")
    consent = card["consent"]
    assert (consent["words"], consent["version"]) == (KEPT_WORDS, KEPT_VERSION)
    with shop_application.app.app_context():
        row = db.session.scalars(select(CardConsent).where(own(CardConsent))).one()
        paid = db.session.get_one(Transaction, row.transaction_id)
        assert dt.datetime.fromisoformat(consent["given_at"]) == paid.created_at
    assert cards(shop_application, "bob-8") == []


def test_nothing_is_kept_where_nobody_agreed(shop_application: Application) -> None:
    stored(shop_application)
    shop_application.paid(customer="ada-7")
    follow(shop_application)
    assert cards(shop_application) == []


def test_a_kept_card_is_charged_without_its_owner(shop_application: Application) -> None:
    stored(shop_application)
    card = kept(shop_application)
    wish = {"customer": "ada-7", "payment_method": card["payment_method"], "amount": 900}
    first, again = (shop_application.ask("k1", **wish) for _ in range(2))
    assert first.json["id"] == again.json["id"]
    assert (first.json["status"], first.json["customer"]) == ("processing", "ada-7")
    follow(shop_application)
    paid = shop_application.payment(first.json["id"])
    assert (paid["status"], paid["amount_received"]) == ("succeeded", 900)
    assert paid["email"] == "ada@example.com"
    assert transactions(shop_application) == 2  # the one that kept the card, and this one
    with shop_application.app.app_context():
        assert db.session.get_one(Transaction, paid["transaction"]).off_session
    viewer = StaffDriver(shop_application.app).signed_in("viewer")
    page = viewer.get(f"/staff/payments/{paid['transaction']}")
    assert page.status_code == 200
    assert "shop (API key)" in page.text


def test_a_bank_that_wants_the_buyer_is_not_asked_again_without_them(
    shop_application: Application,
) -> None:
    stored(shop_application)
    card = kept(shop_application, card="pm_card_authenticationRequired")
    asked = charged(shop_application, card)
    assert asked["status"] == "requires_action"
    assert asked["next_url"].endswith(shop_application.checkout(asked["id"]))
    assert asked["last_error"]["code"] == "authentication_required"
    follow(shop_application)
    assert transactions(shop_application) == 2
    listed = shop_application.get("payments", status="requires_action").json["data"]
    assert [one["id"] for one in listed] == [asked["id"]]
    waiting = shop_application.get("payments", status="requires_payment").json["data"]
    assert asked["id"] not in [one["id"] for one in waiting]
    shop_application.pay(asked["id"])
    assert shop_application.payment(asked["id"])["status"] == "succeeded"


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"payment_method": "pm_another0000000000000"}, "payment_method"),
        ({"payment_method": "pm_card_visa"}, "payment_method"),
        ({"payment_method": "card_1"}, "payment_method"),
        ({"customer": "bob-8"}, "payment_method"),
        ({"customer": "nobody"}, "customer"),
        ({"customer": None}, "customer"),
        ({"save_card": True}, "save_card"),
    ],
)
def test_only_the_customer_s_own_card_is_charged(
    shop_application: Application, changes: dict[str, Any], param: str
) -> None:
    stored(shop_application)
    stored(shop_application, BOB)
    card = kept(shop_application)
    wish = {"customer": "ada-7", "payment_method": card["payment_method"]}
    answer = shop_application.ask(**(wish | changes))
    assert (answer.status_code, answer.json["error"]["param"]) == (422, param)
    assert transactions(shop_application) == 1


def test_another_application_sees_no_customer_and_no_card(
    shop_application: Application, other_application: Application
) -> None:
    stored(shop_application)
    card = kept(shop_application)
    path = f"customers/ada-7/cards/{card['id']}"
    assert other_application.get("customers/ada-7").status_code == 404
    assert other_application.get("customers/ada-7/cards").status_code == 404
    assert other_application.get("customers").json["data"] == []
    assert other_application.delete(path).status_code == 404
    stored(other_application)  # the same id and address, another customer
    assert cards(other_application) == []
    assert other_application.delete(path).status_code == 404
    wish = {"customer": "ada-7", "payment_method": card["payment_method"]}
    refused = other_application.ask(**wish)
    assert (refused.status_code, refused.json["error"]["param"]) == (422, "payment_method")
    asked = shop_application.get("payments").json["data"][0]
    assert asked["customer"] == "ada-7"
    assert other_application.payment(asked["id"])["customer"] is None
    assert [one["id"] for one in cards(shop_application)] == [card["id"]]


def test_a_removed_card_is_charged_no_more(shop_application: Application) -> None:
    stored(shop_application)
    stored(shop_application, BOB)
    card, other = kept(shop_application), kept(shop_application, "bob-8", "pm_card_mastercard")
    path = f"customers/ada-7/cards/{card['id']}"
    assert shop_application.delete(f"customers/bob-8/cards/{card['id']}").status_code == 404
    gone = shop_application.delete(path)
    assert (gone.status_code, gone.json["removed"]) == (200, True)
    assert shop_application.delete(path).status_code == 404
    assert cards(shop_application) == []
    wish = {"customer": "ada-7", "payment_method": card["payment_method"]}
    assert shop_application.ask(**wish).status_code == 422
    follow(shop_application)
    with shop_application.app.app_context():
        assert db.session.get_one(SavedCard, card["id"]).detached_at is not None
    paid = charged(shop_application, other, customer="bob-8")
    assert paid["status"] == "succeeded"


def test_whose_erasure_is_asked_for_is_charged_no_more_by_any_application(
    shop_application: Application,
) -> None:
    stored(shop_application)
    stored(shop_application, BOB)
    card, bobs = kept(shop_application), kept(shop_application, "bob-8", email="bob@example.com")
    with shop_application.app.app_context():
        ask_for_erasure("ada@example.com", "eve")
    before = transactions(shop_application)
    wish = {"customer": "ada-7", "payment_method": card["payment_method"]}
    assert shop_application.ask(**wish).status_code == 422
    assert transactions(shop_application) == before
    assert cards(shop_application) == []
    assert cards(shop_application, "bob-8") == [bobs]


def test_a_card_that_is_removed_before_the_charge_is_sent_is_not_charged(
    shop_application: Application,
) -> None:
    stored(shop_application)
    card = kept(shop_application)
    wish = {"customer": "ada-7", "payment_method": card["payment_method"]}
    made = shop_application.asked(**wish)
    with shop_application.app.app_context():  # only the consent ends: the card stays at Stripe
        row = db.session.scalars(select(CardConsent).where(own(CardConsent))).one()
        row.withdrawn_at = row.given_at
        db.session.commit()
    follow(shop_application)
    left = shop_application.payment(made["id"])
    assert (left["status"], left["last_error"]["code"]) == ("requires_payment", "card_removed")


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [("customers:read", "get"), ("customers:write", "post"), ("payments:write", "")],
)
def test_a_key_does_what_its_scopes_say(
    shop_application: Application, scope: str, allowed: str
) -> None:
    limited = Application(shop_application.app, new_key(shop_application.app, scope, name="less"))
    answers = {
        "get": limited.get("customers").status_code,
        "post": limited.post("customers", ADA).status_code,
        "charge": limited.ask(customer="ada-7", payment_method="pm_1").status_code,
    }
    assert answers == {name: 200 if name == allowed else 403 for name in answers}
