"""Whose charge goes first: who waits at a screen, never behind a batch that nobody waits for."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from parts.process import wait_until
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs import leases, outbox
from payments_app.core.jobs import runner as runner_module
from payments_app.core.jobs.command import ASKING, BATCH, FIRST, SECOND, Claim, Command
from payments_app.core.jobs.outbox import Message
from payments_app.core.jobs.runner import Runner
from payments_app.core.jobs.turns import MAX_WAIT_SECONDS, Room, room_in
from payments_app.merchants.make_link import MAKE_LINK
from payments_app.payments.disputes.answer import SUBMIT
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.request import request_refund
from payments_app.payments.transactions.check import request_check
from payments_app.queues import QUEUE_THREADS
from payments_app.subscriptions.renew import SWEEP
from tests.api.application import Application, new_key
from tests.api.test_customers import kept, stored
from tests.payments.driver import PaymentDriver
from tests.queues.job_driver import JobDriver

THREADS = 10
HALF = THREADS // 2


def claimed(queue: str, limit: int = THREADS) -> list[Claim]:
    """What so many threads would begin; each is given back."""
    claims = leases.claim(queue, limit)
    for claim in claims:
        leases.put_off(claim, 0, "not now")
    return claims


def asked_back(transaction_id: str, actor: str) -> str:
    return request_refund(transaction_id, 50, reason="Returned", actor=actor)


def subjects(queue: str, limit: int = THREADS) -> list[str]:
    return [claim.subject for claim in claimed(queue, limit)]


@atomic
def charged_without_buyer(session: Session, transaction_id: str) -> None:
    named = Transaction.id == transaction_id
    session.execute(update(Transaction).where(named).values(off_session=True))


@atomic
def stage(session: Session, command: str, subject: str) -> None:
    outbox.stage(session, command, subject)


@atomic
def make_older(session: Session, command: str, seconds: float) -> None:
    older = update(Message).where(Message.command == command)
    session.execute(older.values(available_at=database_now(-seconds)))


def test_an_application_s_batch_of_kept_cards_keeps_no_buyer_waiting(app: Flask) -> None:
    application = Application(app, new_key(app))
    stored(application)
    card = kept(application)
    for number in range(THREADS + 2):
        application.asked(
            customer="ada-7", payment_method=card["payment_method"], amount=500 + number
        )
    with app.app_context():
        buyer = PaymentDriver(app).open()
        begun = claimed("charges")
        assert [claim.subject for claim in begun if claim.turn == FIRST] == [buyer]
        assert len(begun) == 1 + HALF


@pytest.mark.parametrize("command", ["charge", "look_up", "check"])
def test_what_is_asked_of_stripe_for_no_buyer_is_of_a_batch(
    driver: PaymentDriver, command: str
) -> None:
    nobodys, buyers = driver.open(), driver.open()
    charged_without_buyer(nobodys)
    for transaction in (nobodys, buyers):
        if command != "charge":
            stage(command, transaction)
    found = {c.subject: c.turn == BATCH for c in claimed("charges", 20) if c.command == command}
    assert found == {nobodys: True, buyers: False}


@pytest.mark.parametrize("command", ["retry"])
def test_what_nobody_waits_for_is_of_a_batch(driver: PaymentDriver, command: str) -> None:
    transaction = driver.open()
    stage(command, transaction)
    assert {c.command: c.turn == BATCH for c in claimed("charges")} == {
        "charge": False,
        command: True,
    }


@pytest.mark.parametrize("command", ["expire_action", "orders.end_large_hold"])
def test_a_batch_keeps_no_stock_held_by_what_nobody_finished(
    driver: PaymentDriver, command: str
) -> None:
    for _ in range(THREADS + 2):
        charged_without_buyer(driver.open())
    abandoned = driver.open()
    make_older("charge", 5)
    stage(command, abandoned)
    begun = {c.command: c.subject for c in claimed("charges") if c.turn == SECOND}
    assert begun == {command: abandoned}


def test_refunds_that_no_member_of_staff_asked_for_are_of_a_batch(driver: PaymentDriver) -> None:
    """As an application's, of which any number may come at once."""
    paid = driver.pay()
    driver.work()
    theirs = {asked_back(paid, "key_orders") for _ in range(THREADS + 2)}
    ours = asked_back(paid, "stf_ada")
    begun = {c.subject: c.turn for c in claimed("payment_critical") if c.command == "refunds.send"}
    assert begun.pop(ours) == ASKING
    assert set(begun) < theirs
    assert list(begun.values()) == [BATCH] * HALF


@pytest.mark.parametrize(
    ("queue", "command", "other"),
    [
        ("payment_critical", "refunds.send", "ledger.post_refund"),
        ("payment_critical", SUBMIT, "ledger.post_capture"),
        ("default", "reconcile.fix", SWEEP),
        ("default", "reconcile.fix", MAKE_LINK),
    ],
)
@pytest.mark.parametrize("seconds", [1, MAX_WAIT_SECONDS + 1])
def test_what_staff_ask_of_stripe_keeps_nobody_else_waiting(
    driver: PaymentDriver, queue: str, command: str, other: str, seconds: int
) -> None:
    """However many members of staff wait for it, and for however long."""
    threads = QUEUE_THREADS[queue]
    for number in range(threads + 2):
        stage(command, f"asked-{number}")
    make_older(command, seconds)
    running = leases.claim(queue, threads)
    assert {claim.command for claim in running} == {command}
    assert len(running) == threads - 1
    stage(other, "somebody-else's")
    begun = leases.claim(queue, 1, room_in(threads, running))
    assert [claim.subject for claim in begun] == ["somebody-else's"]
    for claim in (*running, *begun):
        leases.put_off(claim, 0, "not now")


def test_what_follows_leaves_a_thread_to_a_refund_of_staff_as_well(driver: PaymentDriver) -> None:
    """And one to the ledger beside it; and where both wait, the refund is begun first."""
    for number in range(THREADS + 2):
        stage("inbound.process", f"event-{number}")
    make_older("inbound.process", 1)
    for number in range(2):
        stage("refunds.send", f"refund-{number}")
    running = leases.claim("payment_critical", THREADS)
    commands = [claim.command for claim in running]
    assert sorted(commands) == ["inbound.process"] * 7 + ["refunds.send"] * 2
    stage("ledger.post_refund", "somebody-else's")
    room = room_in(THREADS, running)
    begun = leases.claim("payment_critical", THREADS - len(running), room)
    assert [claim.subject for claim in begun] == ["somebody-else's"]
    for claim in (*running, *begun):
        leases.put_off(claim, 0, "not now")


def test_who_asks_again_and_again_keeps_no_buyer_waiting(driver: PaymentDriver) -> None:
    """Looks at unfinished bank checks, of whoever left them: a payment begins before them."""
    strangers = [driver.open() for _ in range(3)]
    for transaction in strangers:
        stage("check", transaction)
    make_older("charge", 0)
    buyer = driver.open()
    make_older("check", 5)
    charges = [c.subject for c in claimed("charges", 4) if c.command == "charge"]
    assert sorted(charges) == sorted([*strangers, buyer])


def test_of_looks_at_one_payment_one_waits(driver: PaymentDriver) -> None:
    mine, other = (driver.open("pm_card_threeDSecure2Required") for _ in range(2))
    driver.work("charges")
    assert request_check(mine, back=True)
    assert not request_check(mine, back=True)
    assert request_check(other, back=True)
    assert sorted(m.subject for m in driver.messages("check")) == sorted([mine, other])


@pytest.mark.parametrize(
    ("queue", "later", "first"),
    [
        ("charges", "check", "stripe.recovered"),
        ("payment_critical", "disputes.refresh", "ledger.post_capture"),
        ("payment_standard", "customers.read_card", "orders.on_payment"),
        ("payment_standard", "customers.read_card", "subscriptions.on_payment"),
        ("payment_critical", "inbound.process", "ledger.post_capture"),
        ("payment_critical", "refunds.look_up", "ledger.post_capture"),
        ("default", "customers.detach_card", "subscriptions.sweep"),
        ("default", "reconcile.compare", "merchants.make_link"),
        ("mailers", "notices.send_mail", "notices.send_link"),
    ],
)
@pytest.mark.parametrize("seconds", [1, MAX_WAIT_SECONDS + 1])
def test_what_follows_leaves_a_thread_however_long_it_waits(
    driver: PaymentDriver, queue: str, later: str, first: str, seconds: int
) -> None:
    """Also while it runs already, with all of its room taken."""
    threads = QUEUE_THREADS[queue]
    for number in range(threads + 2):
        stage(later, f"subject-{number}")
    make_older(later, seconds)
    running = leases.claim(queue, threads)
    assert {claim.command for claim in running} == {later}
    free = threads - len(running)
    assert free == max(1, threads // 5)
    stage(first, "somebody-else's")
    begun = leases.claim(queue, free, room_in(threads, running))
    assert [claim.subject for claim in begun] == ["somebody-else's"]
    for claim in (*running, *begun):
        leases.put_off(claim, 0, "not now")


@pytest.mark.parametrize("seconds", [MAX_WAIT_SECONDS - 30, MAX_WAIT_SECONDS + 1])
@pytest.mark.parametrize("turn", [SECOND, BATCH])
def test_what_waited_long_comes_in_its_order(
    job_driver: JobDriver, turn: int, seconds: float
) -> None:
    """However many come before it: a batch does not wait for ever."""
    for name, its in (("test.later", turn), ("test.first", FIRST)):
        job_driver.app.extensions["commands"][name] = Command(_nothing, "charges", turn=its)
        job_driver.stage(name, name)
    make_older("test.later", seconds)
    first = "test.later" if seconds > MAX_WAIT_SECONDS else "test.first"
    assert subjects("charges", 1) == [first]


def test_a_batch_that_hangs_leaves_half_of_the_threads(
    job_driver: JobDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while it runs already, and the rest of it waits; then all of it is done."""
    begun, let_go = threading.Semaphore(0), threading.Event()
    done: list[str] = []

    def hang(subject: str, _claim: Claim) -> None:
        begun.release()
        assert let_go.wait(60)
        done.append(subject)

    def quick(subject: str, _claim: Claim) -> None:
        done.append(subject)

    def claim(queue: str, limit: int, room: Room) -> list[Claim]:
        rooms.append(room.batch)
        return leases.claim(queue, limit, room)

    rooms: list[int] = []
    monkeypatch.setattr(runner_module, "_claim", claim)
    commands = job_driver.app.extensions["commands"]
    commands["test.batch"] = Command(hang, "charges", turn=BATCH)
    commands["test.first"] = Command(quick, "charges")
    for number in range(4):
        job_driver.stage("test.batch", f"batch-{number}")
    runner = Runner(job_driver.app, "charges", 4)
    worker = threading.Thread(target=_within(job_driver.app, runner.run))
    worker.start()
    try:
        assert begun.acquire(timeout=60)
        assert begun.acquire(timeout=60)
        assert wait_until(lambda: len(rooms) > 2, within=60)
        assert rooms[:3] == [2, 0, 0]
        for number in range(3):
            job_driver.stage("test.first", f"first-{number}")
        assert wait_until(lambda: len(done) == 3, within=60)
        assert not begun.acquire(blocking=False)
    finally:
        let_go.set()
        worker.join(60)
    assert sorted(done[3:]) == [f"batch-{number}" for number in range(4)]


def _within(app: Flask, run: Callable[[], int]) -> Callable[[], None]:
    def running() -> None:
        with app.app_context():
            try:
                run()
            finally:
                db.session.remove()

    return running


def _nothing(_subject: str, _claim: Claim) -> None:
    pass
