"""effects: what a change of a subscription means in money and dates, line by line.

Its owner reads the same lines on the page that asks, and in the mail that says that it was done.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable

from payments_app.core.money import Money
from payments_app.subscriptions.amounts import amount_due
from payments_app.subscriptions.calendar import day_words, local_day
from payments_app.subscriptions.models import Plan, Subscription, SubscriptionStatus
from payments_app.subscriptions.settle import Settlement

Line = tuple[str, str, str]  # when, what happens, how much
TODAY = "Today"
MAILED = "we e-mail you a link to pay"


def seal_of(lines: list[Line]) -> str:
    """By which a form names the lines that were read."""
    return hashlib.sha256(json.dumps(lines).encode()).hexdigest()[:32]


def plan_lines(
    subscription: Subscription, plan: Plan, difference: int, card: str | None
) -> list[Line]:
    """Of going over to another plan, where `difference` (minor units) goes on the next bill."""
    day = day_words(subscription.billed_until)
    lines = [(TODAY, f"{plan.name} in place of {subscription.plan.name}", _free(plan))]
    if difference:
        what = "more for" if difference > 0 else "less for"
        words = f"The days that are left until {day} cost {what} the other plan"
        then = "on the next bill" if difference > 0 else "off the next bill"
        lines.append((day, words, f"{_money(abs(difference), plan)} {then}"))
    balance = subscription.balance + difference
    if not subscription.cancel_at_period_end:
        return lines + _next_bill(plan, balance, day, card)
    then = "goes back to your card" if balance < 0 else "is charged"
    lines.append((day, f"It still ends, and this {then}", _money(abs(balance), plan)))
    return lines


def ending_lines(
    subscription: Subscription, settlement: Settlement, now: dt.datetime
) -> list[Line]:
    """Of an end when what is paid for is over."""
    end = subscription.current_end or local_day(now)
    until = day_words(end)
    return [
        (f"Until {until}", "It goes on, as you paid for", _free(subscription.plan)),
        (until, "It ends. Nothing more is charged", _free(subscription.plan)),
        *settlement_lines(settlement, until, _card(subscription)),
    ]


def ended_lines(
    subscription: Subscription, settlement: Settlement, now: dt.datetime, *, off_session: bool
) -> list[Line]:
    """Of an end now."""
    today, end = local_day(now), subscription.current_end
    lines = [(TODAY, "It ends. Nothing more is charged", _free(subscription.plan))]
    if subscription.status == SubscriptionStatus.PAST_DUE:
        lines.append((TODAY, "The open bill is not charged any more", _free(subscription.plan)))
    if end is not None and end > today and subscription.status != SubscriptionStatus.TRIALING:
        words = f"The days that are left until {day_words(end)} are not refunded"
        lines.append((TODAY, words, ""))
    card = _card(subscription) if off_session else None
    return [*lines, *settlement_lines(settlement, TODAY, card)]


def settlement_lines(settlement: Settlement, when: str, card: str | None) -> list[Line]:
    """What goes back, is charged, or waived."""
    lines, money = [], Money(settlement.charged, settlement.currency)
    if settlement.refunded.amount:
        to = settlement.card or "the card that you paid with"
        words = f"Your credit goes back to {to}. Banks take 5 to 10 working days to show it"
        lines.append((when, words, f"{settlement.refunded} back"))
    if settlement.unplaced:
        rest = Money(settlement.unplaced, settlement.currency)
        words = "Your credit can't go back to a card: we write to you how you get it"
        lines.append((when, words, f"{rest} back"))
    if settlement.charged:
        words = "What was to go on the next bill is charged to "
        words = f"{words}{card}" if card else f"What was to go on the next bill is due: {MAILED}"
        lines.append((when, words, str(money)))
    if settlement.waived:
        waived = Money(settlement.waived, settlement.currency)
        words = f"What was to go on the next bill, {waived}, is not charged"
        lines.append((when, words, str(Money(0, settlement.currency))))
    return lines


def pause_lines(subscription: Subscription) -> list[Line]:
    """Of a pause."""
    plan, end = subscription.plan, subscription.current_end
    until = day_words(end) if end else TODAY
    return [
        (f"Until {until}", "It goes on, as you paid for", _free(plan)),
        ("Until you resume", "Nothing is charged", _free(plan)),
        ("If you resume before then", f"It goes on as before, with a payment on {until}", ""),
        (
            "If you resume later",
            "A new period begins on that day, and is charged at once",
            _due(plan, subscription.balance),
        ),
        *_kept(subscription),
    ]


def resume_lines(subscription: Subscription, now: dt.datetime, card: str | None) -> list[Line]:
    """Of going on after a pause, or of not ending after all."""
    plan, end = subscription.plan, subscription.current_end
    if subscription.paused_at is not None and (end is None or end <= local_day(now)):
        return _next_bill(plan, subscription.balance, TODAY, card)
    until = day_words(subscription.billed_until)
    lines = [(TODAY, "It goes on, as you paid for", _free(plan))]
    return lines + _next_bill(plan, subscription.balance, until, card)


def card_lines(subscription: Subscription, card: str | None) -> list[Line]:
    """Of another card, or of none."""
    if subscription.status == SubscriptionStatus.PAST_DUE:
        words = f"The open bill is charged to {card}" if card else f"The open bill is due: {MAILED}"
        return [(TODAY, words, "")]
    day = day_words(subscription.billed_until)
    return _next_bill(subscription.plan, subscription.balance, day, card)


def card_words(subscription: Subscription) -> str:
    """What a card that is entered for a subscription is charged next, in a sentence."""
    plan = subscription.plan
    if subscription.status == SubscriptionStatus.PAST_DUE:
        return f"{plan.price_words()}. The open bill is charged to it at once."
    if subscription.paused_at is not None:
        return f"{plan.price_words()}, from when you resume."
    due, _ = amount_due(plan, subscription.balance)
    day = day_words(subscription.billed_until)
    return f"{plan.price_words()}. The next payment, of {_money(due, plan)}, is on {day}."


def removal_lines(subscriptions: Iterable[Subscription]) -> list[tuple[str, list[Line]]]:
    """Of removing the card that these are charged to: each plan's name, and its lines."""
    return [(one.plan.name, card_lines(one, None)) for one in subscriptions]


def _next_bill(plan: Plan, balance: int, when: str, card: str | None) -> list[Line]:
    due, left = amount_due(plan, balance)
    paid = f"charged to {card}" if card else f"due: {MAILED}"
    lines = [
        (when, f"The next payment is {paid}" if due else "Nothing is charged", _money(due, plan))
    ]
    if left < 0:
        lines.append(("After that", "What is left of your credit", _money(-left, plan)))
    lines.append(("From then on", f"Every {plan.interval}", _money(plan.amount, plan)))
    return lines


def _kept(subscription: Subscription) -> list[Line]:
    if not subscription.balance:
        return []
    words = "Your credit is kept" if subscription.balance < 0 else "What goes on the next bill"
    return [("Meanwhile", words, subscription.balance_words)]


def _card(subscription: Subscription) -> str | None:
    if subscription.usable_card is None:
        return None
    own = subscription.own_card
    return own.words if own else "the card that was entered for it"


def _due(plan: Plan, balance: int) -> str:
    return _money(amount_due(plan, balance)[0], plan)


def _money(amount: int, plan: Plan) -> str:
    return str(Money(amount, plan.currency))


def _free(plan: Plan) -> str:
    return _money(0, plan)
