"""A backup is restored that does not know the last payments: they come back from Stripe."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import delete, insert

from payments_app.core.db.clock import database_now
from payments_app.core.extensions import db
from payments_app.core.jobs.outbox import Message
from payments_app.gateway.breaker import NAME, Breaker
from payments_app.reconcile import internal_told
from tests.bystanders.ids import ACCOUNT
from tests.merchants.connected_merchants import create_ready_merchant, create_sale
from tests.refunds.refund_steps import ask, give_back, refund_outside
from tests.restore.drill import DECLINED, Drill, done
from tests.restore.world import money, world

BOB = "bob@example.com"


def test_a_payment_that_was_made_after_the_backup_comes_back(drill: Drill) -> None:
    drill.bought("before")
    drill.back_up()
    drill.bought("after", email=BOB, item="tea-tin")
    drill.bought("declined", DECLINED)
    known = money(db.session())["payments"]
    drill.restore_backup()
    assert len(money(db.session())["payments"]) == 1
    done(drill.restore(say="y"))
    assert money(db.session())["payments"] == known


def test_an_outage_of_stripe_that_the_backup_remembers_keeps_nothing_closed(drill: Drill) -> None:
    drill.bought("before")
    db.session.execute(insert(Breaker).values(name=NAME, failures=7, open_until=database_now(60)))
    db.session.commit()
    drill.back_up()
    drill.restore_backup()
    done(drill.restore(say="y"))


def test_all_that_happened_after_the_backup_is_known_again(drill: Drill) -> None:
    drill.live_before_the_backup()
    drill.back_up()
    drill.live_after_it()
    before, mails, events = world(db.session()), drill.mails(), drill.merchant_events()
    handed_over = drill.handed_over()
    drill.restore_backup()
    told, announced = drill.mails(), drill.merchant_events()
    handed_over_then = drill.handed_over()
    said_no = drill.restore(say="n")
    assert said_no.exit_code == 1
    assert "equal to Stripe's" in said_no.output
    # Of somebody else's account, which this test can't read, and what nobody at Stripe knows.
    noted = [line for line in said_no.output.splitlines() if line.startswith("  - ")]
    assert noted[0] == f"  - {ACCOUNT} can't be read at Stripe: look whether it left us."
    assert [line[:39] for line in noted[1:]] == ["  - Consents to charge cards that someb"]
    assert money(db.session()) == {name: before[name] for name in money(db.session())}
    drill.work()  # the shop is closed: nobody is told anything
    assert (drill.mails(), drill.merchant_events()) == (told, announced)
    assert drill.handed_over() == handed_over_then
    done(drill.restore(say="y"))
    drill.finish()
    assert world(db.session()) == before
    assert (drill.mails(), drill.merchant_events()) == (mails, events)
    # By now it is known that these are not owed.
    assert drill.handed_over() == handed_over - drill.orders_of("given back", "disputed")


def test_a_purchase_that_is_sent_again_finds_its_payment(drill: Drill) -> None:
    drill.back_up()
    bought = drill.bought("k1", email=BOB)
    drill.restore_backup()
    done(drill.restore(say="y"))
    again = drill.buy("k1", email=BOB)
    assert (again.status_code, again.json["id"]) == (202, bought)
    assert again.headers["X-Idempotency-Replayed"] == "true"
    drill.work()
    assert len(drill.intents()) == 1
    other = drill.buy("k1", email=BOB, item="tea-tin")
    assert other.json["error"]["code"] == "idempotency_key_reuse"


def test_a_payment_ended_when_stripe_says(drill: Drill) -> None:
    drill.back_up()
    bought = drill.bought("k1", email=BOB)
    ended = drill.read(bought).ended_at
    drill.restore_backup()
    done(drill.restore(say="y"))
    assert ended is not None
    assert abs(drill.read(bought).ended_at - ended) < dt.timedelta(seconds=3)


def test_nobody_is_billed_again_for_days_that_were_paid(drill: Drill) -> None:
    drill.join("2026-01-31")
    drill.back_up()
    drill.go_to("2026-02-28")
    drill.restore_backup()
    done(drill.restore(say="y"))
    drill.go_to("2026-03-01")
    assert drill.succeeded() == 2
    drill.go_to("2026-03-31")
    assert drill.succeeded() == 3


def test_a_refund_that_was_waiting_in_the_backup_is_not_made_again(drill: Drill) -> None:
    bought = drill.bought("k1")
    refund = ask(bought, 300)
    drill.back_up()
    drill.work()
    drill.restore_backup()
    done(drill.restore(say="y"))
    drill.age_all_keys_at_stripe()
    drill.work_all_waiting()
    assert [one["metadata"]["refund_id"] for one in drill.refunds_at_stripe()] == [refund]


def test_a_payment_that_was_waiting_in_the_backup_is_not_charged_again(drill: Drill) -> None:
    answer = drill.buy("k1")
    drill.back_up()
    drill.work()
    drill.restore_backup()
    done(drill.restore(say="y"))
    drill.work()
    assert [intent["status"] for intent in drill.intents()] == ["succeeded"]
    assert drill.read(str(answer.json["id"])).phase == "complete"


def test_what_nobody_confirmed_is_closed_at_stripe(drill: Drill) -> None:
    drill.back_up()
    drill.fail_stripe("500_before", "/confirm$")
    bought = drill.bought("k1", email=BOB)
    drill.mend_stripe()
    drill.restore_backup()
    done(drill.restore(say="y"))
    assert [intent["status"] for intent in drill.intents()] == ["canceled"]
    assert drill.read(bought).phase == "canceled"


@pytest.mark.parametrize("charge_type", ["destination", "direct"])
def test_a_merchants_sale_comes_back(drill: Drill, charge_type: str) -> None:
    order = create_sale(create_ready_merchant(drill, charge_type))
    drill.back_up()
    drill.pay(order=order)
    drill.finish()
    before = world(db.session())
    drill.restore_backup()
    said = done(drill.restore(say="y"))
    drill.finish()
    if charge_type == "direct":
        # On an account of their own the merchant may name any buyer: none is believed, and a person
        # is told.
        assert "neither we nor Stripe know the buyer's address" in said
        before["payments"] = {id_: _without_buyer(sold) for id_, sold in before["payments"].items()}
    assert world(db.session()) == before


def _without_buyer(sold: tuple[Any, ...]) -> tuple[Any, ...]:
    *known, joined = sold
    known[4] = ""
    return (*known, [record for record in joined if record[0] != "customer"])


def test_what_waits_for_a_yes_is_no_difference(
    drill: Drill, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However old the backup is; what was lost altogether is one."""
    monkeypatch.setattr(internal_told, "TOLD_WITHIN_SECONDS", -5)
    order = create_sale(create_ready_merchant(drill, "destination"))
    drill.back_up()
    sold = drill.pay(order=order)
    give_back(drill, sold, 300)
    drill.bought("after", email=BOB)
    drill.finish()
    drill.restore_backup()
    said = drill.restore(say="n").output
    assert "equal to Stripe's" in said
    for waits in ("events to merchants about payments", "events to merchants about refunds"):
        assert waits in said
    assert "  2 receipts" in said
    db.session.execute(delete(Message).where(Message.command.startswith("notices.")))
    db.session.commit()
    said = drill.restore(say="n").output
    assert f"{sold}: paid, and no receipt was written" in said
    assert f"{sold}: the merchant was not told of it" in said
    assert ": the merchant was not told of the refund" in said


def test_what_can_t_be_made_anew_is_named(drill: Drill) -> None:
    drill.back_up()
    bought = drill.pay(email="")  # an order of a product that the backup does not know
    drill.restore_backup()
    said = drill.restore(say="n").output
    assert f"{bought} ($10.99" in said
    assert "which can't be made anew" in said


def test_a_refund_that_was_made_in_stripe_s_dashboard_comes_too(drill: Drill) -> None:
    bought = drill.bought("k1", email=BOB)
    drill.back_up()
    stripe_id = refund_outside(drill, bought, 100)
    drill.restore_backup()
    said = done(drill.restore(say="y"))
    assert "  1 payments looked at for refunds and disputes" in said
    assert stripe_id in str(money(db.session())["refunds"])
