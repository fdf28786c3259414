"""What was paid for follows each refund of its payment itself, by `after_refund`."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.jobs.outbox import Message
from payments_app.core.money import Money
from payments_app.customers.find import customer_for
from payments_app.payment_requests.ask import Wish, ask
from payments_app.payment_requests.models import PaymentRequest
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.refresh import refresh
from payments_app.payments.transactions.open import PaymentSource, open_transaction
from tests.ledger.concurrency import claim
from tests.payments.driver import PaymentDriver
from tests.payments.held import Held
from tests.refunds.refund_steps import give_back, move_on, read, refund_outside

pytestmark = [pytest.mark.portable, pytest.mark.dialect]
COMMAND = "payments.after_refund.payment_request"
PRICE = 2500


@pytest.fixture
def followed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """What payables were told of their refunds: id, state of the payment, all that went back."""
    calls: list[tuple[str, str, str]] = []

    def follow(self: PaymentRequest, _session: Session, paid: Transaction, returned: Money) -> None:
        calls.append((self.id, paid.state, str(returned)))

    monkeypatch.setattr(PaymentRequest, "after_refund", follow)
    return calls


def bought(driver: PaymentDriver, card: str = "pm_card_visa") -> tuple[str, str]:
    """What is paid for, and its payment."""
    asked = ask(Wish(Money(PRICE, "usd"), "A room"), "staff")[0]
    transaction = begin(asked, card)
    driver.work()
    return asked, transaction


@atomic
def begin(session: Session, asked: str, card: str) -> str:
    return open_transaction(
        session,
        session.get_one(PaymentRequest, asked),
        customer_id=customer_for(session, "ada@example.com").id,
        email="ada@example.com",
        source=PaymentSource(payment_method=card),
    ).id


@atomic
def put_off_again(session: Session, command: str, subject: str) -> None:
    """As if this message had failed, and were to be tried again later."""
    told = (Message.command == command, Message.subject == subject)
    later = {"done_at": None, "claims": 0, "available_at": database_now(600)}
    assert session.execute(update(Message).where(*told).values(later)).rowcount == 1


@atomic
def set_dead(session: Session, command: str, subject: str, *, dead: bool) -> None:
    """As if this message had failed for good; or as somebody has it done again."""
    told = (Message.command == command, Message.subject == subject)
    now = database_now()
    again = {"dead_at": None, "claims": 0, "available_at": now}
    values = {"done_at": None, "dead_at": now} if dead else again
    assert session.execute(update(Message).where(*told).values(values)).rowcount == 1


def messages(driver: PaymentDriver) -> list[str]:
    return [message.subject for message in driver.messages(COMMAND)]


def test_it_is_called_once_for_each_refund_with_all_that_went_back(
    driver: PaymentDriver, followed: list[tuple[str, str, str]]
) -> None:
    (room, paid), _untouched = bought(driver), bought(driver)
    assert followed == []
    first = give_back(driver, paid, 1000)
    assert followed == [(room, "complete", "$10.00")]
    second = give_back(driver, paid, 1500)
    driver.work_all_waiting()
    assert followed == [(room, "complete", "$10.00"), (room, "complete", "$25.00")]
    assert messages(driver) == [first, second]


def test_it_is_called_for_a_refund_that_was_made_at_stripe(
    driver: PaymentDriver, followed: list[tuple[str, str, str]]
) -> None:
    (room, paid), _untouched = bought(driver), bought(driver)
    theirs = refund_outside(driver, paid, PRICE)
    refresh(theirs, claim(theirs))
    driver.work()
    assert followed == [(room, "complete", "$25.00")]


def test_it_is_called_again_where_a_refund_fails_after_it_had_succeeded(
    driver: PaymentDriver, followed: list[tuple[str, str, str]]
) -> None:
    (room, paid), (other, beside) = bought(driver, "pm_card_refundFail"), bought(driver)
    refund, _stays = give_back(driver, paid, 1000), give_back(driver, beside, PRICE)
    move_on(driver, refund)
    intent = driver.read(paid).stripe_payment_id or ""
    refresh(intent, claim(intent))
    driver.work()
    assert read(refund).state == "failed"
    told = [(room, "complete", "$10.00"), (other, "complete", "$25.00")]
    assert followed == [*told, (room, "complete", "$0.00")]


def test_one_that_never_succeeded_is_not_told(
    driver: PaymentDriver, followed: list[tuple[str, str, str]]
) -> None:
    (_, paid), (other, beside) = bought(driver), bought(driver)
    driver.fail_stripe("say", "^/v1/refunds$", set={"status": "failed"}, times=1)
    refund = give_back(driver, paid, 1000)
    give_back(driver, beside, 700)
    assert read(refund).state == "failed"
    assert followed == [(other, "complete", "$7.00")]


def test_it_waits_until_the_payment_was_followed(
    driver: PaymentDriver, followed: list[tuple[str, str, str]]
) -> None:
    (room, paid), (other, beside) = bought(driver), bought(driver)
    put_off_again("payments.after_payment.payment_request", paid)
    give_back(driver, paid, PRICE)
    give_back(driver, beside, PRICE)
    assert followed == [(other, "complete", "$25.00")]
    driver.work_all_waiting()
    assert followed == [(other, "complete", "$25.00"), (room, "complete", "$25.00")]


def test_it_waits_while_the_message_of_its_payment_is_dead(
    driver: PaymentDriver, followed: list[tuple[str, str, str]]
) -> None:
    """Once somebody has that done again, a row would be refunded and then paid."""
    (room, paid), (other, beside) = bought(driver), bought(driver)
    set_dead("payments.after_payment.payment_request", paid, dead=True)
    give_back(driver, paid, PRICE)
    give_back(driver, beside, PRICE)
    assert followed == [(other, "complete", "$25.00")]
    set_dead("payments.after_payment.payment_request", paid, dead=False)
    driver.work()
    driver.work_all_waiting()
    assert followed == [(other, "complete", "$25.00"), (room, "complete", "$25.00")]


def test_what_was_paid_in_part_does_not_follow_its_refund(
    driver: PaymentDriver, followed: list[tuple[str, str, str]]
) -> None:
    part, whole = ask(wish := Wish(Money(PRICE, "usd"), "A room"), "staff")[0], ask(wish, "s")[0]
    held = Held(driver)
    first, second = held.pay(order=part), held.pay(captured=PRICE, order=whole)
    give_back(driver, first, 1500)
    give_back(driver, second, 1500)
    assert followed == [(whole, "complete", "$15.00")]


def test_a_kind_without_the_method_has_no_message(driver: PaymentDriver) -> None:
    _, paid = bought(driver)
    give_back(driver, paid, PRICE)
    give_back(driver, driver.pay())
    assert driver.messages(COMMAND) == driver.messages("payments.after_refund.order") == []
