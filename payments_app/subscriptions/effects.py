"""effects: what a change of a subscription means in money and dates, line by line.

Its owner reads the same lines on the page that asks, and in the mail that says that it was done.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable

from payments_app.core.language import Words, message
from payments_app.core.money import Money
from payments_app.subscriptions.amounts import amount_due
from payments_app.subscriptions.calendar import day_words, local_day
from payments_app.subscriptions.models import Plan, Subscription, SubscriptionStatus
from payments_app.subscriptions.settle import Settlement

Line = tuple[str, str, str]  # when, what happens, how much
TODAY = Words("Today")

GOES_ON = Words("It goes on, as you paid for")
ENDS = Words("It ends. Nothing more is charged")
_EVERY = {"week": Words("Every week"), "month": Words("Every month"), "year": Words("Every year")}


def seal_of(lines: list[Line]) -> str:
    """By which a form names the lines that were read."""
    return hashlib.sha256(json.dumps(lines).encode()).hexdigest()[:32]


def plan_lines(
    subscription: Subscription, plan: Plan, difference: int, card: str | None
) -> list[Line]:
    """Of going over to another plan, where `difference` (minor units) goes on the next bill."""
    day = day_words(subscription.billed_until)
    names = {"plan": plan.name, "before": subscription.plan.name}
    lines: list[Line] = [(TODAY, Words("%(plan)s in place of %(before)s", **names), _free(plan))]
    if difference:
        lines.append((day, *_difference(day, difference, plan)))
    balance = subscription.balance + difference
    if not subscription.cancel_at_period_end:
        return lines + _next_bill(plan, balance, day, card)
    ends = Words("It still ends, and this is charged")
    if balance < 0:
        ends = Words("It still ends, and this goes back to your card")
    lines.append((day, ends, _money(abs(balance), plan)))
    return lines


def ending_lines(
    subscription: Subscription, settlement: Settlement, now: dt.datetime
) -> list[Line]:
    """Of an end when what is paid for is over."""
    end = subscription.current_end or local_day(now)
    until = day_words(end)
    return [
        (_until(until), GOES_ON, _free(subscription.plan)),
        (until, ENDS, _free(subscription.plan)),
        *settlement_lines(settlement, until, _card(subscription)),
    ]


def ended_lines(
    subscription: Subscription, settlement: Settlement, now: dt.datetime, *, off_session: bool
) -> list[Line]:
    """Of an end now."""
    today, end = local_day(now), subscription.current_end
    lines: list[Line] = [(TODAY, ENDS, _free(subscription.plan))]
    if subscription.status == SubscriptionStatus.PAST_DUE:
        words = Words("The open bill is not charged any more")
        lines.append((TODAY, words, _free(subscription.plan)))
    if end is not None and end > today and subscription.status != SubscriptionStatus.TRIALING:
        words = Words("The days that are left until %(day)s are not refunded", day=day_words(end))
        lines.append((TODAY, words, ""))
    card = _card(subscription) if off_session else None
    return [*lines, *settlement_lines(settlement, TODAY, card)]


def settlement_lines(settlement: Settlement, when: str, card: str | None) -> list[Line]:
    """What goes back, is charged, or waived."""
    lines: list[Line] = []
    money = Money(settlement.charged, settlement.currency)
    if settlement.refunded.amount:
        words = Words(
            "Your credit goes back to %(card)s. Banks take 5 to 10 working days to show it",
            card=settlement.card or Words("the card that you paid with"),
        )
        lines.append((when, words, Words("%(money)s back", money=settlement.refunded)))
    if settlement.unplaced:
        rest = Money(settlement.unplaced, settlement.currency)
        words = Words("Your credit can't go back to a card: we write to you how you get it")
        lines.append((when, words, Words("%(money)s back", money=rest)))
    if settlement.charged:
        words = Words("What was to go on the next bill is due: we e-mail you a link to pay")
        if card:
            words = Words("What was to go on the next bill is charged to %(card)s", card=card)
        lines.append((when, words, _shown(money)))
    if settlement.waived:
        waived = Money(settlement.waived, settlement.currency)
        words = Words("What was to go on the next bill, %(money)s, is not charged", money=waived)
        lines.append((when, words, _shown(Money(0, settlement.currency))))
    return lines


def pause_lines(subscription: Subscription) -> list[Line]:
    """Of a pause."""
    plan, end = subscription.plan, subscription.current_end
    until = day_words(end) if end else TODAY
    return [
        (_until(until), GOES_ON, _free(plan)),
        (Words("Until you resume"), Words("Nothing is charged"), _free(plan)),
        (
            Words("If you resume before then"),
            Words("It goes on as before, with a payment on %(day)s", day=until),
            "",
        ),
        (
            Words("If you resume later"),
            Words("A new period begins on that day, and is charged at once"),
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
    lines: list[Line] = [(TODAY, GOES_ON, _free(plan))]
    return lines + _next_bill(plan, subscription.balance, until, card)


def card_lines(subscription: Subscription, card: str | None) -> list[Line]:
    """Of another card, or of none."""
    if subscription.status == SubscriptionStatus.PAST_DUE:
        words = Words("The open bill is due: we e-mail you a link to pay")
        if card:
            words = Words("The open bill is charged to %(card)s", card=card)
        return [(TODAY, words, "")]
    day = day_words(subscription.billed_until)
    return _next_bill(subscription.plan, subscription.balance, day, card)


def card_words(subscription: Subscription) -> str:
    """What a card that is entered for a subscription is charged next, in a sentence."""
    plan = subscription.plan
    if subscription.status == SubscriptionStatus.PAST_DUE:
        return Words("%(price)s. The open bill is charged to it at once.", price=plan.price_words())
    if subscription.paused_at is not None:
        return Words("%(price)s, from when you resume.", price=plan.price_words())
    due, _ = amount_due(plan, subscription.balance)
    day = day_words(subscription.billed_until)
    return Words(
        "%(price)s. The next payment, of %(due)s, is on %(day)s.",
        price=plan.price_words(),
        due=_money(due, plan),
        day=day,
    )


def removal_lines(subscriptions: Iterable[Subscription]) -> list[tuple[str, list[Line]]]:
    """Of removing the card that these are charged to: each plan's name, and its lines."""
    return [(one.plan.name, card_lines(one, None)) for one in subscriptions]


def _next_bill(plan: Plan, balance: int, when: str, card: str | None) -> list[Line]:
    due, left = amount_due(plan, balance)
    words = Words("Nothing is charged")
    if due and card:
        words = Words("The next payment is charged to %(card)s", card=card)
    elif due:
        words = Words("The next payment is due: we e-mail you a link to pay")
    lines: list[Line] = [(when, words, _money(due, plan))]
    if left < 0:
        rest = Words("What is left of your credit")
        lines.append((Words("After that"), rest, _money(-left, plan)))
    lines.append((Words("From then on"), _EVERY[plan.interval], _money(plan.amount, plan)))
    return lines


def _kept(subscription: Subscription) -> list[Line]:
    if not subscription.balance:
        return []
    words = Words("What goes on the next bill")
    if subscription.balance < 0:
        words = Words("Your credit is kept")
    return [(Words("Meanwhile"), words, subscription.balance_words)]


def _card(subscription: Subscription) -> str | None:
    if subscription.usable_card is None:
        return None
    own = subscription.own_card
    return own.words if own else Words("the card that was entered for it")


def _due(plan: Plan, balance: int) -> str:
    return _money(amount_due(plan, balance)[0], plan)


def _money(amount: int, plan: Plan) -> str:
    return _shown(Money(amount, plan.currency))


def _shown(money: Money) -> str:
    return Words.made(lambda: str(money))


def _until(day: str) -> str:
    return Words("Until %(day)s", day=day)


def _difference(day: str, difference: int, plan: Plan) -> tuple[str, str]:
    money = _money(abs(difference), plan)
    if difference > 0:
        words = message("The days that are left until %(day)s cost more for the other plan")
        return Words(words, day=day), Words("%(money)s on the next bill", money=money)
    words = message("The days that are left until %(day)s cost less for the other plan")
    return Words(words, day=day), Words("%(money)s off the next bill", money=money)


def _free(plan: Plan) -> str:
    return _money(0, plan)
