"""Who polls for events goes on after the last one, and misses none that was being stored then."""

from __future__ import annotations

import threading

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.notices import announce
from payments_app.payments.models import Transaction
from tests.api.application import Application
from tests.bystanders import own


def test_an_event_that_commits_late_is_read_as_well(shop_application: Application) -> None:
    app = shop_application.app
    paid = [shop_application.paid(reference=f"booking-{n}")["transaction"] for n in (1, 2)]
    stored, may_commit = threading.Event(), threading.Event()

    @atomic
    def announce_one(session: Session, transaction_id: str, *, waits: bool) -> None:
        payment = session.scalars(
            select(Transaction).where(own(Transaction), Transaction.id == transaction_id)
        ).one()
        data = {"payment": announce.serialise_payment(session, payment)}
        announce._announce(session, f"{payment.id}_x", payment.id, "payment_captured", data)
        if waits:
            stored.set()
            may_commit.wait(30)

    def run(transaction_id: str, *, waits: bool) -> None:
        with app.app_context():
            announce_one(transaction_id, waits=waits)

    slow = threading.Thread(target=run, args=(paid[0],), kwargs={"waits": True})
    slow.start()
    assert stored.wait(30)
    quick = threading.Thread(target=run, args=(paid[1],), kwargs={"waits": False})
    quick.start()
    quick.join(2)
    read = shop_application.get("events").json["data"]
    may_commit.set()
    for each in (slow, quick):
        each.join(30)
    place = {"after": read[-1]["id"]} if read else {}
    read += shop_application.get("events", **place).json["data"]
    assert {event["data"]["payment"]["id"] for event in read} == set(paid)
