"""However a subscription ends, the page that asks, the money, the mail and the account agree.

Each way out is gone with a credit and with a debt, to the cent and the day.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.payments.refunds.models import Refund
from payments_app.staff.subscriptions.queries import ending_of
from payments_app.subscriptions import change, preview
from payments_app.subscriptions.effect_words import Line
from payments_app.subscriptions.effects import seal_of
from payments_app.subscriptions.final_bill import FinalBill
from payments_app.subscriptions.models import Plan, Subscription
from payments_app.subscriptions.settled import settled
from tests.bystanders import own
from tests.bystanders.ids import SUBSCRIPTION
from tests.notices.sent_mails import mails
from tests.refunds.refund_steps import posted
from tests.refunds.test_disputes import answer
from tests.subscriptions.billing_driver import BillingDriver, at
from tests.subscriptions.test_disputed import tell

pytestmark = pytest.mark.portable

TRIES = ("2026-04-01", "2026-04-02", "2026-04-04", "2026-04-06", "2026-04-08")
FAILS, DISPUTED = "pm_card_chargeCustomerFail", "pm_card_createDispute"
CREDIT, DEBT = 300, 4354
Way = Callable[[BillingDriver, str], list[Line]]


def read(billing: BillingDriver, member: str, day: str, *, at_once: bool = True) -> list[Line]:
    """What the page says that asks."""
    theirs = billing.subscription(member)
    return preview.cancellation(db.session(), theirs, at(day), at_once=at_once)[0]


def cancelled_now(billing: BillingDriver, member: str, day: str = "2026-03-02") -> list[Line]:
    lines = read(billing, member, day)
    change.cancel(member, at(day), at_once=True, seal=seal_of(lines))
    return lines


def cancelled_by_staff(billing: BillingDriver, member: str) -> list[Line]:
    lines = read(billing, member, "2026-03-02")
    change.cancel(member, at("2026-03-02"), at_once=True, actor="stf_1", seal=seal_of(lines))
    return lines


def cancelled_at_the_end(billing: BillingDriver, member: str) -> list[Line]:
    lines = read(billing, member, "2026-03-02", at_once=False)
    change.cancel(member, at("2026-03-02"), at_once=False, seal=seal_of(lines))
    billing.go_to("2026-04-01")
    return lines[1:]  # but that it goes on until then


def card_removed_before_the_end(billing: BillingDriver, member: str) -> list[Line]:
    lines = read(billing, member, "2026-03-02", at_once=False)
    change.cancel(member, at("2026-03-02"), at_once=False)
    card = billing.subscription(member).card
    assert card is not None
    rows = preview.removal(db.session(), card, at("2026-03-03"))
    billing.remove_card(member)
    billing.go_to("2026-04-01")
    return [line for _, each in rows for line in each] or lines[1:]


def card_removed_and_cancelled(billing: BillingDriver, member: str) -> list[Line]:
    billing.remove_card(member)
    return cancelled_now(billing, member)


def paused_and_cancelled(billing: BillingDriver, member: str) -> list[Line]:
    change.pause(member, at("2026-03-02"))
    return cancelled_now(billing, member, "2026-05-02")


def plan_withdrawn_and_cancelled(billing: BillingDriver, member: str) -> list[Line]:
    withdraw(billing.subscription(member).plan_id)
    return cancelled_now(billing, member)


@atomic
def withdraw(session: Session, plan_id: int) -> None:
    session.execute(update(Plan).where(Plan.id == plan_id).values(active=False))


def not_paid_and_cancelled(billing: BillingDriver, member: str) -> list[Line]:
    billing.take_card(member, FAILS)
    billing.go_to("2026-04-01")
    return cancelled_now(billing, member, "2026-04-01")


def given_up(billing: BillingDriver, member: str) -> list[Line]:
    billing.take_card(member, FAILS)
    return try_until_the_end(billing)


def given_up_without_a_card(billing: BillingDriver, member: str) -> list[Line]:
    billing.remove_card(member)
    return try_until_the_end(billing)


def try_until_the_end(billing: BillingDriver) -> list[Line]:
    """Nobody is asked, so nobody read anything."""
    for day in TRIES:
        billing.go_to(day)
    return []


def dispute_lost(billing: BillingDriver, _member: str) -> list[Line]:
    answer(billing, "losing_evidence")
    tell(billing, "2026-03-03")
    return []


@dataclass(frozen=True)
class Out:
    """A way out: what goes back of a credit, and how a debt is charged; on which card it began."""

    way: Way
    day: str = "March 2, 2026"
    back: int = CREDIT
    debt: str = "card"  # or by a link, or waived
    card: str = "pm_card_visa"


OUTS = [
    Out(cancelled_now),
    Out(cancelled_by_staff),
    Out(cancelled_at_the_end, "April 1, 2026"),
    Out(card_removed_before_the_end, "April 1, 2026", debt="link"),
    Out(card_removed_and_cancelled, debt="link"),
    Out(paused_and_cancelled, "May 2, 2026"),
    Out(plan_withdrawn_and_cancelled),
    Out(not_paid_and_cancelled, "April 1, 2026", debt="link"),
    Out(given_up, "April 8, 2026", debt="link"),
    Out(given_up_without_a_card, "April 8, 2026", debt="link"),
    Out(dispute_lost, "March 3, 2026", back=0, debt="waived", card=DISPUTED),
]


def joined(billing: BillingDriver, out: Out, *, credit: bool) -> str:
    """With $3.00 of credit, or $43.54 of debt."""
    member = billing.join("2026-03-01", card=out.card, amount=3100 if credit else 1500)
    day, plan = ("2026-03-01", ("less", 2800)) if credit else ("2026-03-02", ("plus", 6000))
    change.change_plan(member, billing.plan(*plan), at(day))
    assert billing.subscription(member).balance == (-CREDIT if credit else DEBT)
    return member


def plain(text: str) -> str:
    return " ".join(text.replace("\u00a0", " ").split())


def work(billing: BillingDriver) -> None:
    for queue in ("charges", "payment_critical", "payment_standard") * 2:
        billing.work(queue)


def mailed(subject: str = "has ended") -> str:
    (told,) = [plain(one.text) for one in mails() if subject in one.subject]
    return told


def cents(pattern: str, text: str) -> list[int]:
    return [int(found.replace(".", "")) for found in re.findall(pattern, text)]


def told_back(text: str) -> int:
    return sum(cents(r"\$([\d.]+) back", text))


def told_charged(text: str) -> list[int]:
    """Of what was to go on the next bill: what is charged to a card, or due by a link."""
    due = r"(?:is due: we e-mail you a link to pay|is charged to [^:]+): \$([\d.]+)"
    return cents(f"What was to go on the next bill {due}", text)


def as_mailed(lines: list[Line]) -> list[str]:
    return [plain(f"- {': '.join(str(part) for part in line if part)}") for line in lines]


def given_back() -> list[int]:
    db.session.rollback()
    return list(db.session.scalars(select(Refund.amount).where(own(Refund))))


def billed() -> list[tuple[int, list[str]]]:
    db.session.rollback()
    bills = db.session.scalars(select(FinalBill)).all()
    return [(one.amount, [attempt.state for attempt in one.transactions]) for one in bills]


def bystander() -> tuple[object, ...]:
    """The second customer's subscription, and what went back to others."""
    db.session.rollback()
    row = db.session.execute(
        select(*Subscription.__table__.columns).where(Subscription.id == SUBSCRIPTION)
    ).one()
    theirs = select(Refund.id, Refund.state, Refund.amount).where(~own(Refund))
    return (*row, *db.session.execute(theirs.order_by(Refund.id)).all())


def agree(billing: BillingDriver, member: str, out: Out, before: list[Line]) -> str:
    """Page, mail, account and staff's page have the same lines, of one day; the mail's words."""
    told = mailed()
    assert [line for line in as_mailed(before) if line not in told] == []
    assert f"- {out.day}: It ends" in told
    theirs = billing.subscription(member)
    at_staffs = ending_of(db.session(), theirs, ZoneInfo("UTC"))
    assert at_staffs is not None
    for lines in (settled(db.session(), theirs, by_owner=True).lines, at_staffs.lines):
        kept = [line for line in as_mailed(lines) if "The last payment" not in line]
        assert [line for line in kept if line not in told] == []
        assert told_back(" ".join(kept)) == told_back(told)
        assert told_charged(" ".join(kept)) == told_charged(told)
    assert (theirs.status, theirs.balance) == ("canceled", 0)
    assert {one.recipient for one in mails()} == {"ada@example.com"}
    return told


@pytest.mark.parametrize("out", OUTS, ids=lambda out: out.way.__name__)
def test_a_credit_goes_back_as_it_was_said(billing: BillingDriver, out: Out) -> None:
    others, member = bystander(), joined(billing, out, credit=True)
    before = out.way(billing, member)
    work(billing)
    told = agree(billing, member, out, before)
    amounts = [out.back] if out.back else []
    assert ([told_back(told)] if out.back else [], given_back(), billed()) == (amounts, amounts, [])
    assert [one["amount"] for one in billing.sandbox("GET", "/v1/refunds")["data"]] == amounts
    assert [amount for side, _, amount in posted("refund") if side == "debit"] == amounts
    assert bystander() == others


@pytest.mark.parametrize("out", OUTS, ids=lambda out: out.way.__name__)
def test_a_debt_is_charged_as_it_was_said(billing: BillingDriver, out: Out) -> None:
    others, member = bystander(), joined(billing, out, credit=False)
    before = out.way(billing, member)
    work(billing)
    told = agree(billing, member, out, before)
    bills = {"card": [(DEBT, ["complete"])], "link": [(DEBT, [])], "waived": []}[out.debt]
    assert (told_charged(told), billed()) == ([amount for amount, _ in bills], bills)
    assert ("Pay $43.54: " in told) == (out.debt == "link")
    assert ("$43.54, is not charged: $0.00" in told) == (out.debt == "waived")
    assert ("Nothing more is charged" in told) == (out.debt == "waived")
    taken = [one["amount"] for one in billing.intents() if one["status"] == "succeeded"]
    assert taken.count(DEBT) == (out.debt == "card")
    assert (given_back(), bystander()) == ([], others)
