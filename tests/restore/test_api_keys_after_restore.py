"""A program sends a request again under its Idempotency-Key after the database was put back from a
backup that does not know it: nothing is charged, and nothing given back, a second time."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from payments_app.core.extensions import db
from payments_app.payment_requests.models import PaymentRequest
from payments_app.payments.refunds.models import Refund
from tests.accounts.staff_driver import StaffDriver
from tests.api.application import Application, new_key
from tests.api.test_customers import follow, kept, stored
from tests.refunds.refund_steps import ask, at_stripe, refunds
from tests.restore.drill import Drill, done
from tests.restore.test_asked_for import asked
from tests.staff.test_refunding import confirm, fill_in

KEY = "november-of-ada@example.com"
GIVE_BACK = {"amount": 500, "reason": "One ticket less"}


@pytest.fixture
def application(drill: Drill) -> Application:
    return Application(drill.app, new_key(drill.app))


@pytest.fixture
def other(drill: Drill) -> Application:
    return Application(drill.app, new_key(drill.app, name="another"))


def restored(drill: Drill) -> None:
    drill.restore_backup()
    done(drill.restore(say="y"))


def charges(drill: Drill, amount: int) -> int:
    return sum(i["amount"] == amount and i["status"] == "succeeded" for i in drill.intents())


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["error"]["code"]


def test_a_kept_card_is_charged_once_by_one_key(
    drill: Drill, application: Application, other: Application
) -> None:
    stored(application)
    card = kept(application)
    wish = {"customer": "ada-7", "payment_method": card["payment_method"], "amount": 900}
    drill.back_up()
    first = application.ask(KEY, **wish).json["id"]
    follow(application)
    theirs = other.asked(amount=900)["id"]
    restored(drill)
    again = application.ask(KEY, **wish)
    follow(application)
    assert (again.json["id"], again.headers["X-Idempotency-Replayed"]) == (first, "true")
    assert (again.json["status"], charges(drill, 900)) == ("succeeded", 1)
    assert other.ask(KEY, amount=900).json["id"] not in (first, theirs)


def test_the_key_answers_no_other_wish(drill: Drill, application: Application) -> None:
    drill.back_up()
    application.pay(application.ask(KEY).json["id"])
    follow(application)
    restored(drill)
    assert refused(application.ask(KEY, amount=2600)) == (422, "idempotency_key_reuse")


def test_a_payment_that_its_buyer_paid_is_asked_for_once(
    drill: Drill, application: Application
) -> None:
    """Also after a second restore, and after the buyer's second card."""
    drill.back_up()
    first = application.ask(KEY).json["id"]
    application.pay(first, "pm_card_visa_chargeDeclined")
    follow(application)
    restored(drill)
    application.pay(first)
    follow(application)
    restored(drill)
    again = application.ask(KEY).json
    assert (again["id"], again["status"]) == (first, "succeeded")
    told = [i["metadata"]["payable_wish"] for i in drill.intents()]
    assert len(told) == 2
    assert len(set(told)) == 1


def test_a_key_that_made_another_request_since_then_stays_with_that(
    drill: Drill, application: Application
) -> None:
    """Nobody had said yet that the database was restored."""
    drill.back_up()
    first = application.ask(KEY).json["id"]
    application.pay(first)
    follow(application)
    drill.restore_backup()
    second = application.ask(KEY).json["id"]
    done(drill.restore(say="y"))
    assert application.ask(KEY).json["id"] == second
    assert db.session.get_one(PaymentRequest, first).idempotency_key is None
    assert application.payment(first)["status"] == "succeeded"


def test_a_refund_is_made_once_by_one_key(
    drill: Drill, application: Application, other: Application
) -> None:
    path = f"payments/{application.paid()['id']}/refunds"
    drill.back_up()
    first = application.post(path, GIVE_BACK, KEY).json["id"]
    follow(application)
    restored(drill)
    again = application.post(path, GIVE_BACK, KEY)
    follow(application)
    assert (again.status_code, again.json["id"], len(at_stripe(drill))) == (201, first, 1)
    for changed in ({"amount": 600}, {"reason": "Two tickets less"}):
        answer = application.post(path, GIVE_BACK | changed, KEY)
        assert refused(answer) == (422, "idempotency_key_reuse")
    assert other.post(path, GIVE_BACK, KEY).json["id"] != first


def test_all_that_is_left_is_given_back_once(drill: Drill, application: Application) -> None:
    path = f"payments/{application.paid()['id']}/refunds"
    drill.back_up()
    first = application.post(path, {"reason": "Cancelled"}, KEY).json["id"]
    follow(application)
    restored(drill)
    again = application.post(path, {"reason": "Cancelled"}, KEY)
    assert (again.status_code, again.json["id"]) == (201, first)


def test_a_refund_s_key_that_made_another_since_then_stays_with_that(
    drill: Drill, application: Application
) -> None:
    path = f"payments/{application.paid()['id']}/refunds"
    drill.back_up()
    first = application.post(path, GIVE_BACK, KEY).json["id"]
    follow(application)
    drill.restore_backup()
    second = application.post(path, GIVE_BACK, KEY).json["id"]
    done(drill.restore(say="y"))
    assert application.post(path, GIVE_BACK, KEY).json["id"] == second
    assert db.session.get_one(Refund, first).idempotency_key is None


def test_staff_s_reviewed_form_gives_back_once(drill: Drill, application: Application) -> None:
    """Also where that refund failed at Stripe since, so that as much is left as was reviewed."""
    paid = application.paid()["transaction"]
    staff = StaffDriver(drill.app).signed_in("refunder")
    drill.back_up()
    review = fill_in(staff, paid, amount="5.00", reason="Late")
    assert confirm(staff, paid, review).status_code == 303
    follow(application)
    (made,) = [each.id for each in refunds(paid)]
    (there,) = at_stripe(drill)
    drill.sandbox("POST", f"/_sandbox/refunds/{there['id']}", status="failed")
    restored(drill)
    assert confirm(staff, paid, review).status_code == 303
    follow(application)
    assert ([each.id for each in refunds(paid)], len(at_stripe(drill))) == ([made], 1)


def test_stripe_is_told_hashes_alone(drill: Drill, application: Application) -> None:
    made = application.ask(KEY, email="ada@example.com").json["id"]
    application.pay(made)
    application.post(f"payments/{made}/refunds", GIVE_BACK, KEY)
    follow(application)
    row = db.session.scalars(select(PaymentRequest).where(PaymentRequest.id == made)).one()
    (intent,) = drill.intents()
    (refund,) = at_stripe(drill)
    said = intent["metadata"] | {f"refund {n}": v for n, v in refund["metadata"].items()}
    names = ("payable_client_key", "payable_wish", "refund client_key", "refund wish")
    assert all(re.fullmatch("[0-9a-f]{64}", said[name]) for name in names)
    assert not any(
        word in str(said) for word in ("ada@", "november", "ticket less", row.fingerprint)
    )


def test_what_was_asked_for_without_a_key_is_restored_too(
    drill: Drill, application: Application
) -> None:
    paid = application.paid()["transaction"]
    drill.back_up()
    by_hand = asked(description="Two tickets", email="bob@example.com")
    drill.bought("k1", email="bob@example.com", item=by_hand)
    refund = ask(paid, 300)
    follow(application)
    restored(drill)
    assert application.payment(by_hand)["status"] == "succeeded"
    assert [(each.id, each.idempotency_key) for each in refunds(paid)] == [(refund, None)]
