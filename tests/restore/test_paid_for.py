"""What a lost payment was for is known by its type and id alone: nothing is paid a second time
because the price, the payee or the process is another by now."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.orders.models import Order
from payments_app.payment_requests.models import PaymentRequest
from payments_app.payments import payable
from payments_app.payments.queries import payable_of
from payments_app.payments.transactions.charge_snapshot import UNSENT_SECONDS
from payments_app.restore import todo
from tests.merchants.connected_merchants import create_ready_merchant, create_sale
from tests.restore.drill import Drill, done
from tests.restore.test_asked_for import BOB, asked

KIND = PaymentRequest.payable_type


@atomic
def reprice(session: Session, request_id: str, amount: int) -> None:
    session.execute(
        update(PaymentRequest).where(PaymentRequest.id == request_id).values(amount=amount)
    )


@atomic
def give_to(session: Session, order_id: str, merchant: str) -> None:
    session.execute(update(Order).where(Order.id == order_id).values(merchant_id=merchant))


def is_paid_once(drill: Drill, request_id: str, paid: str, other: str) -> bool:
    """Whether nobody can pay for it again, and for the other still."""
    joined = payable_of(db.session(), paid) == (KIND, request_id)
    again = drill.buy("again", email=BOB, item=request_id)
    return (
        joined
        and '"already_paid"' in again.text
        and drill.buy("other", email=BOB, item=other).status_code == 202
    )


@pytest.mark.parametrize("amount", [1500, 3000])
def test_what_has_another_price_by_now_is_not_paid_twice(drill: Drill, amount: int) -> None:
    request_id, other = asked(description="Attic"), asked(description="Cellar")
    drill.back_up()
    paid, beside = (drill.bought(one, email=BOB, item=one) for one in (request_id, asked_now()))
    drill.restore_backup()
    reprice(request_id, amount)
    said = done(drill.restore(say="y"))
    assert is_paid_once(drill, request_id, paid, other)
    told = [line for line in said.splitlines() if "another price, payee or name" in line]
    assert [request_id in line and paid in line for line in told] == [True]
    assert beside not in str(told)


def asked_now() -> str:
    """One that the backup does not know."""
    return asked(description="Garden")


def fails(self: PaymentRequest, *_: Any) -> Any:
    """A host's code, where its row names what is gone, or another release told less."""
    raise KeyError("room")


@atomic
def rename(session: Session, request_id: str, name: str) -> None:
    session.get_one(PaymentRequest, request_id).description = name


def test_a_host_s_row_that_was_given_the_id_of_another_is_named(
    drill: Drill, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id, other = asked(description="Attic"), asked(description="Cellar")
    drill.back_up()
    paid = [drill.bought(one, email=BOB, item=one) for one in (request_id, other)]
    drill.restore_backup()
    rename(request_id, "Garden")
    monkeypatch.setattr(todo, "may_follow_elsewhere", lambda kind: kind == KIND)
    said = done(drill.restore(say="y"))
    told = [line for line in said.splitlines() if "another price, payee or name" in line]
    assert [request_id in line and paid[0] in line for line in told] == [True]


def test_a_price_that_its_host_can_not_say_ends_no_restore(
    drill: Drill, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id, other = asked(description="Attic"), asked(description="Cellar")
    drill.back_up()
    paid = drill.bought("k1", email=BOB, item=request_id)
    drill.restore_backup()
    with monkeypatch.context() as broken:
        broken.setattr(PaymentRequest, "price", property(fails))
        said = done(drill.restore(say="y"))
    told = [line for line in said.splitlines() if "another price, payee or name" in line]
    assert [request_id in line and paid in line for line in told] == [True]
    assert is_paid_once(drill, request_id, paid, other)


def test_what_its_host_can_not_make_anew_ends_no_restore(
    drill: Drill, monkeypatch: pytest.MonkeyPatch
) -> None:
    drill.back_up()
    order = drill.bought("order")
    paid = drill.bought("k1", email=BOB, item=asked(description="Attic"))
    drill.restore_backup()
    with monkeypatch.context() as broken:
        broken.setattr(PaymentRequest, "rebuild", classmethod(fails))
        said = done(drill.restore(say="y"))
    told = [line for line in said.splitlines() if "can't be made anew" in line]
    assert [paid in line for line in told] == [True]
    assert (drill.read(paid).phase, payable_of(db.session(), paid)) == ("complete", None)
    assert payable_of(db.session(), order) is not None


def test_what_this_process_does_not_know_is_not_paid_twice(
    drill: Drill, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id, other = asked(description="Attic"), asked(description="Cellar")
    drill.back_up()
    paid = drill.bought("k1", email=BOB, item=request_id)
    drill.restore_backup()
    with monkeypatch.context() as elsewhere:
        elsewhere.delitem(payable._KINDS, KIND)
        said = done(drill.restore(say="y"))
    assert payable_of(db.session(), paid) == (KIND, request_id)
    assert f"paid for {KIND} {request_id}, which this process does not know" in said
    assert drill.waiting(f"payments.follow_up.{KIND}") == 1
    drill.work()
    assert drill.waiting(f"payments.follow_up.{KIND}") == 0
    assert is_paid_once(drill, request_id, paid, other)


@pytest.mark.parametrize("charge_type", ["destination", "direct"])
def test_a_payee_of_before_holds_it_but_on_an_account_of_their_own(
    drill: Drill, charge_type: str
) -> None:
    """Whoever has an account of their own may write there what they like."""
    seller, other = (create_ready_merchant(drill, charge_type) for _ in "ab")
    order, theirs = create_sale(seller), create_sale(seller)
    drill.back_up()
    paid, beside = drill.pay(order=order), drill.pay(order=theirs)
    drill.restore_backup()
    give_to(order, other)
    said = done(drill.restore(say="y"))
    joined = {one: payable_of(db.session(), one) for one in (paid, beside)}
    held = ("order", order) if charge_type == "destination" else None
    assert joined == {paid: held, beside: ("order", theirs)}
    words = "another price, payee or name" if held else "which can't be made anew"
    assert [words in line for line in said.splitlines() if order in line] == [True]


def test_an_attempt_that_was_never_sent_does_not_hold_what_the_next_one_paid_for(
    drill: Drill,
) -> None:
    request_id, other = asked(description="Attic"), asked(description="Cellar")
    waiting = drill.buy("k0", email=BOB, item=asked_now()).json["id"]
    first = drill.buy("k1", email=BOB, item=request_id).json["id"]
    drill.age(first, UNSENT_SECONDS + 1)
    drill.back_up()
    drill.work()
    assert drill.read(first).phase == "canceled"
    paid = drill.bought("k2", email=BOB, item=request_id)
    drill.restore_backup()
    assert drill.read(first).phase == "created"
    done(drill.restore(say="y"))
    drill.work()
    assert [drill.read(one).phase for one in (first, paid, waiting)] == [
        "canceled",
        "complete",
        "complete",
    ]
    assert is_paid_once(drill, request_id, paid, other)
