"""`python -m tests.embedding.look_around`: what somebody sees of a hotel with payments, as JSON.

A process of its own: a kind of payable that is defined once is known for good.
"""

from __future__ import annotations

import json
import re
import secrets
from typing import Any

import bills  # type: ignore[import-not-found]  # of the same page
import hotel  # type: ignore[import-not-found]  # of docs/embedding.md
import plain_hotel  # type: ignore[import-not-found]  # the same without payments
import refund  # type: ignore[import-not-found]  # of the same page
from flask import Flask
from flask.testing import FlaskClient
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from payments_app import Payments
from payments_app.accounts.people import CLI
from payments_app.core.extensions import db
from payments_app.core.jobs.runner import run_due_messages
from payments_app.customers.find import customer_for
from payments_app.notices.models import Mail
from payments_app.orders.keep_products import Goods, create
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.models import Refund
from payments_app.payments.refunds.request import request_refund
from payments_app.payments.transactions.open import PaymentSource, open_transaction

ADA = "ada@example.com"
FACTS: dict[str, Any] = {}


def seen(answer: TestResponse) -> dict[str, Any]:
    cookies = [cookie.split("; ") for cookie in answer.headers.getlist("Set-Cookie")]
    return {
        "status": answer.status_code,
        "text": answer.text,
        "policy": answer.headers.get("Content-Security-Policy"),
        "type": answer.mimetype,
        "cached": answer.headers.get("Cache-Control"),
        "location": answer.headers.get("Location"),
        "cookies": {
            words[0].partition("=")[0]: next(w for w in words if w.startswith("Path="))
            for words in cookies
        },
    }


def parts_of(app: Flask) -> dict[str, Any]:
    """Whatever another extension may have put into an application."""
    return {
        "extensions": sorted(app.extensions),
        "routes": sorted(str(rule) for rule in app.url_map.iter_rules()),
        "before": {name: len(hooks) for name, hooks in app.before_request_funcs.items()},
        "after": {name: len(hooks) for name, hooks in app.after_request_funcs.items()},
        "teardown": len(app.teardown_appcontext_funcs),
        "errors": sorted(map(str, app.error_handler_spec[None])),
        "globals": sorted(app.jinja_env.globals),
        "settings": sorted(app.config),
        "session": type(app.session_interface).__name__,
    }


def token(client: FlaskClient) -> str:
    return client.get("/token").text


def sign_in(client: FlaskClient) -> None:
    client.post("/users", data={"email": ADA, "csrf_token": token(client)})


def look(app: Flask) -> None:
    client, stranger = app.test_client(), app.test_client()
    FACTS["plain"], FACTS["with payments"] = parts_of(plain_hotel.create_app()), parts_of(app)
    FACTS["host's page"] = seen(client.get("/token"))
    FACTS["host's unknown page"] = seen(client.get("/nothing"))
    page = {"Accept": "text/html"}
    FACTS["our unknown page"] = seen(client.get("/pay/nothing", headers=page))
    FACTS["a form's address"] = seen(client.get("/pay/cart/items", headers=page))
    came = page | {"Referer": "http://localhost/pay/account"}
    FACTS["a form's address from a page"] = seen(client.get("/pay/cart/items", headers=came))
    FACTS["our unknown payment"] = seen(client.get("/pay/api/v1/payments/prq_no"))
    FACTS["host's form without a token"] = seen(client.post("/users", data={"email": ADA}))
    FACTS["our form without a token"] = seen(
        client.post("/pay/cart/items", data={"slug": "x"}, headers=page)
    )
    FACTS["a webhook"] = seen(client.post("/pay/webhooks/stripe", data=b"{}"))
    FACTS["our shop"] = seen(client.get("/pay/"))
    FACTS["staff"] = seen(client.get("/pay/staff/payments", headers=page))
    sign_in(client)
    booked = client.post("/bookings", data={"room": "Attic", "csrf_token": token(client)})
    FACTS["booked"] = seen(booked)
    path = booked.headers["Location"]
    FACTS["checkout"] = seen(client.get(path))
    FACTS["checkout of a stranger"] = seen(stranger.get(path))
    FACTS["a product's checkout"] = seen(client.get("/pay/checkout/kettle"))
    pay(app, client, path.rpartition("/")[2])


def pay(app: Flask, client: FlaskClient, booking: str) -> None:
    wish = {"item": booking, "email": ADA, "payment_method": "pm_card_visa"}
    key = {"Idempotency-Key": secrets.token_hex(8)}
    FACTS["paid"] = seen(client.post("/pay/transactions", json=wish, headers=key))
    payments: Payments = app.extensions["payments"]
    before = attempts(app, booking)
    work(payments)
    FACTS["attempts as the host reads them"] = {"before": before, "after": attempts(app, booking)}
    with payments.app.app_context():
        FACTS["mails"] = [mail.html for mail in db.session.scalars(select(Mail))]
    FACTS["booking"] = client.get(f"/bookings/{booking}").text
    page = client.get(FACTS["paid"]["location"], headers={"Accept": "text/html"})
    FACTS["thanks"] = seen(client.get(page.headers["Location"]))


def work(payments: Payments) -> None:
    with payments.app.app_context():
        for queue in ("charges", "payment_critical", "payment_standard"):
            run_due_messages(queue)


def attempts(app: Flask, booking: str) -> list[str]:
    with app.app_context():
        found = hotel.db.session.get(hotel.Booking, booking)
        return [tried.state for tried in found.transactions]


def give_back(app: Flask) -> None:
    """One of two paid bookings, in two parts."""
    payments: Payments = app.extensions["payments"]
    client = app.test_client()
    sign_in(client)
    booked, other = (
        client.post("/bookings", data={"room": "Attic", "csrf_token": token(client)})
        .headers["Location"]
        .rpartition("/")[2]
        for _ in "ab"
    )
    for booking in (booked, other):
        wish = {"item": booking, "email": ADA, "payment_method": "pm_card_visa"}
        key = {"Idempotency-Key": secrets.token_hex(8)}
        assert client.post("/pay/transactions", json=wish, headers=key).status_code == 202
    work(payments)

    def said() -> list[str]:
        work(payments)
        return [client.get(f"/bookings/{booking}").text for booking in (booked, other)]

    with app.app_context():
        (paid,) = hotel.db.session.get(hotel.Booking, booked).transactions
        with payments.app.app_context():
            request_refund(paid.id, 100, reason="A part", actor="a test")
    FACTS["after a part"] = said()
    with app.app_context():
        for _ in "ab":
            refund.refund(payments, hotel.db.session.get(hotel.Booking, booked))
    FACTS["after all"] = said()
    with payments.app.app_context():
        amounts = select(Refund.amount).order_by(Refund.amount.desc())
        FACTS["refunds"] = list(db.session.scalars(amounts))


def pay_a_bill(uri: str) -> None:
    """At an inn, whose stays have numbers."""
    inn = Flask("inn")
    inn.config["SQLALCHEMY_DATABASE_URI"] = uri
    bills.db.init_app(inn)
    payments = Payments(inn)
    with inn.app_context():
        bills.db.create_all()
        bill, other = (bills.Bill(stay=bills.Stay(cents=4200)) for _ in "ab")
        bills.db.session.add(bill)
        bills.db.session.commit()
        bills.db.session.add(other)
        bills.db.session.commit()
        FACTS["a bill"] = seen(inn.test_client().get(payments.checkout_path(bill)))
        wish = {"item": bill.id, "email": ADA, "payment_method": "pm_card_visa"}
        key = {"Idempotency-Key": secrets.token_hex(8)}
        assert (
            inn.test_client().post("/pay/transactions", json=wish, headers=key).status_code == 202
        )
        work(payments)
        bills.db.session.expire_all()
        FACTS["stays"] = [each.stay.status for each in (bill, other)]


def store_together(app: Flask) -> None:
    """Rows of both in one transaction of the host's session: rolled back, and committed."""
    payments: Payments = app.extensions["payments"]

    def stored() -> tuple[int, int]:
        with payments.app.app_context():
            count = select(func.count())
            paid = db.session.scalar(count.select_from(Transaction))
            return int(paid or 0), int(db.session.scalar(count.select_from(hotel.Booking)) or 0)

    redis = payments.app.extensions["wake_up_redis"]
    wake_ups = Queue("charges", connection=redis, serializer=JSONSerializer)
    FACTS["stored before"] = stored()
    for end in ("rollback", "commit"):
        wake_ups.empty()
        with app.app_context():
            booking = hotel.Booking(email=ADA, room="Attic")
            hotel.db.session.add(booking)
            with payments.together_with(hotel.db.session) as ours:
                open_transaction(
                    ours,
                    ours.get_one(hotel.Booking, booking.id),
                    customer_id=customer_for(ours, ADA).id,
                    email=ADA,
                    source=PaymentSource(payment_method="pm_card_visa"),
                )
            FACTS[f"wake-ups before {end}"] = wake_ups.count
            getattr(hotel.db.session, end)()
        FACTS[f"wake-ups after {end}"] = wake_ups.count
        FACTS[f"stored after {end}"] = stored()

    @payments.atomic
    def book(session: Any) -> str:
        booking = hotel.Booking(email=ADA, room="Attic")
        session.add(booking)
        session.flush()
        opened = open_transaction(
            session,
            booking,
            customer_id=customer_for(session, ADA).id,
            email=ADA,
            source=PaymentSource(payment_method="pm_card_visa"),
        )
        return str(opened.id)

    wake_ups.empty()
    with app.app_context():
        FACTS["by atomic"] = bool(re.fullmatch("txn_.*", book()))
    FACTS["wake-ups after atomic"] = wake_ups.count
    FACTS["stored after atomic"] = stored()


def main() -> None:
    app = hotel.create_app()
    with app.app_context():
        hotel.db.create_all()
        hotel.db.session.add(hotel.Product(name="Attic", cents=4200))
        hotel.db.session.commit()
    with app.extensions["payments"].app.app_context():
        create(Goods("kettle", "Kettle", "24.00", "usd"), CLI)
    look(app)
    give_back(app)
    store_together(app)
    pay_a_bill(app.config["SQLALCHEMY_DATABASE_URI"])
    print(json.dumps(FACTS))


if __name__ == "__main__":
    main()
