"""While a restore is open nothing runs and no form is taken; a restore that nobody announced is
found."""

from __future__ import annotations

import json
import threading

import pytest
from sqlalchemy import select

from payments_app.core import restores
from payments_app.core.alerts import Alert
from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs.outbox import Message
from payments_app.inbound.lost import close_if_restored
from payments_app.reconcile import sweep
from tests.bystanders import own
from tests.checkout.checkout_client import BROWSER, FIELD
from tests.inbound.webhook_sender import create_event, sign
from tests.restore.drill import Drill, done

close = atomic(lambda session: restores.begin(session, utcnow(), "a test"))


def staged(drill: Drill) -> int:
    db.session.rollback()
    return len(db.session.scalars(select(Message.id).where(own(Message))).all())


def test_no_worker_takes_a_message(drill: Drill) -> None:
    drill.buy("k1")
    close()
    drill.work()
    assert drill.intents() == []
    assert [message.claims for message in drill.messages("charge") if message.done_at is None] == [
        0
    ]


def test_the_sweeper_stages_nothing(drill: Drill) -> None:
    close()
    before = staged(drill)
    sweep.run(threading.Event(), once=True)
    assert staged(drill) == before


def test_people_are_told_of_an_alert_all_the_same(drill: Drill) -> None:
    drill.raise_alert()
    close()
    sweep.run(threading.Event(), once=True)
    assert all(message.done_at for message in drill.messages("alerts.mail"))


def test_a_program_is_refused_in_json(drill: Drill) -> None:
    close()
    answer = drill.buy("k1")
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "restoring")
    assert "no payment was made" in answer.json["error"]["message"]
    assert answer.headers["Retry-After"] == "60"


def test_a_form_is_refused_with_a_page(drill: Drill) -> None:
    page = drill.browser.get("/checkout/field-notes", headers=BROWSER)
    close()
    form = dict(FIELD.findall(page.text)) | {"email": "ada@example.com"}
    answer = drill.browser.post("/transactions", data=form, headers=BROWSER)
    assert answer.status_code == 503
    assert "Our records are being restored" in answer.text
    assert answer.mimetype == "text/html"


@pytest.mark.parametrize("path", ["/staff/sign-in", "/cart", "/account", "/nowhere"])
def test_no_other_form_is_taken_either(drill: Drill, path: str) -> None:
    close()
    assert drill.browser.post(path, headers=BROWSER).status_code in (400, 503)


def test_stripe_is_asked_to_send_its_events_again(drill: Drill) -> None:
    close()
    payload = json.dumps(create_event()).encode()
    header = sign(payload, drill.config.stripe_webhook_secrets[0])
    answer = drill.browser.post(
        "/webhooks/stripe",
        data=payload,
        headers={"Content-Type": "application/json", "Stripe-Signature": header},
    )
    assert answer.status_code == 503


def test_pages_are_shown(drill: Drill) -> None:
    close()
    assert drill.browser.get("/checkout/field-notes", headers=BROWSER).status_code == 200


def test_a_person_s_yes_opens_it(drill: Drill) -> None:
    drill.buy("k1")
    close()
    done(drill.restore(say="y"))
    drill.work()
    assert [intent["status"] for intent in drill.intents()] == ["succeeded"]


def test_a_shop_that_is_well_is_closed_only_by_who_is_sure(drill: Drill) -> None:
    drill.bought("k1")
    said = drill.restore(say="n")
    assert said.exit_code == 1
    assert "nothing was done" in said.output
    assert restores.open_restore(db.session()) is None


def test_a_database_that_nobody_announced_is_closed_as_a_worker_starts(drill: Drill) -> None:
    known = drill.bought("before")
    drill.back_up()
    drill.bought("after")
    drill.restore_backup()
    assert close_if_restored()
    db.session.rollback()
    restore = restores.open_restore(db.session())
    assert restore is not None
    assert restore.backup_taken <= drill.read(known).ended_at
    assert "restored" in db.session.scalars(select(Alert.kind)).all()


def test_an_event_of_a_payment_that_was_lost_closes_the_shop(drill: Drill) -> None:
    drill.back_up()
    drill.bought("after")
    intent = drill.intents()[0]["id"]
    drill.restore_backup()
    drill.receive_event("payment_intent.succeeded", intent)
    assert restores.open_restore(db.session()) is not None
    assert drill.intents_here() == []


def test_a_database_that_is_whole_is_left_open(drill: Drill) -> None:
    drill.bought("k1")
    assert not close_if_restored()


def test_another_installation_s_payments_close_nothing(drill: Drill) -> None:
    drill.back_up()
    with drill.another_secret():
        drill.bought("theirs")
    drill.restore_backup()
    assert not close_if_restored()


def test_while_stripe_is_away_nobody_is_stopped(drill: Drill) -> None:
    drill.fail_stripe("500_before")
    assert not close_if_restored()
