"""effects: what a change of a subscription means in money and dates, line by line.

Its owner reads the same lines on the page that asks, and in the mail that says that it was done.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace

from payments_app.core.language import Words
from payments_app.core.money import Money
from payments_app.subscriptions.amounts import amount_due
from payments_app.subscriptions.calendar import day_words, local_day
from payments_app.subscriptions.effect_words import (
    TODAY,
    Line,
    difference_words,
    due_words,
    free_words,
    kept_lines,
    money_words,
    next_bill,
    shown_money,
    until_line,
)
from payments_app.subscriptions.models import Plan, Subscription, SubscriptionStatus
from payments_app.subscriptions.settlement import GivenBack, Settlement

GOES_ON = Words("It goes on, as you paid for")
ENDS = Words("It ends. Nothing more is charged")
ENDS_WITH_DEBT = Words("It ends, with one last payment")


def seal_of(lines: list[Line]) -> str:
    """By which a form names the lines that were read."""
    return hashlib.sha256(json.dumps(lines).encode()).hexdigest()[:32]


def plan_lines(
    subscription: Subscription,
    plan: Plan,
    difference: int,
    card: str | None,
    settlement: Settlement | None,
) -> list[Line]:
    """Of going over to another plan, where `difference` (minor units) goes on the next bill; or
    into the `settlement` of one that is about to end."""
    day = day_words(subscription.billed_until)
    names = {"plan": plan.name, "before": subscription.plan.name}
    lines: list[Line] = [
        (TODAY, Words("%(plan)s in place of %(before)s", **names), free_words(plan))
    ]
    if difference:
        lines.append((day, *difference_words(day, difference, plan)))
    if settlement is None:
        return lines + next_bill(plan, subscription.balance + difference, day, card)
    return [*lines, _end_line(settlement, day), *settlement_lines(settlement, day)]


def ending_lines(
    subscription: Subscription, settlement: Settlement, now: dt.datetime
) -> list[Line]:
    """Of an end when what is paid for is over."""
    until = day_words(subscription.current_end or local_day(now))
    return [
        (until_line(until), GOES_ON, free_words(subscription.plan)),
        _end_line(settlement, until),
        *settlement_lines(settlement, until),
    ]


def ended_lines(subscription: Subscription, settlement: Settlement, now: dt.datetime) -> list[Line]:
    """Of an end now, with the day: they are read later, too."""
    today, plan = day_words(now), subscription.plan
    lines = [_end_line(settlement, today)]
    if settlement.under_way:
        words = Words(
            "A payment is under way. If it is still made, all of it goes back to the card"
        )
        money = Money(settlement.under_way, settlement.currency)
        lines.append((today, words, Words("%(money)s back", money=money)))
    elif subscription.status == SubscriptionStatus.PAST_DUE:
        words = Words("The open bill is not charged any more")
        lines.append((today, words, free_words(plan)))
    if settlement.unused_until is not None:
        day = day_words(settlement.unused_until)
        words = Words("The days that are left until %(day)s are not refunded", day=day)
        lines.append((today, words, ""))
    return [*lines, *settlement_lines(settlement, today)]


def settlement_lines(settlement: Settlement, when: str) -> list[Line]:
    """What goes back, is charged, or waived."""
    lines = [
        (when, *_back_words(card, Money(amount, settlement.currency)))
        for card, amount in _by_card(settlement.refunds).items()
    ]
    if settlement.unplaced:
        rest = Money(settlement.unplaced, settlement.currency)
        words = Words("Your credit can't go back to a card: we write to you how you get it")
        lines.append((when, words, Words("%(money)s back", money=rest)))
    if settlement.charged:
        words = Words("What was to go on the next bill is due: we e-mail you a link to pay")
        if settlement.card:
            words = Words(
                "What was to go on the next bill is charged to %(card)s", card=settlement.card
            )
        money = Money(settlement.charged, settlement.currency)
        lines.append((when, words, shown_money(money)))
    if settlement.waived:
        waived = Money(settlement.waived, settlement.currency)
        words = Words("What was to go on the next bill, %(money)s, is not charged", money=waived)
        lines.append((when, words, shown_money(Money(0, settlement.currency))))
    return lines


def pause_lines(subscription: Subscription) -> list[Line]:
    """Of a pause."""
    plan, end = subscription.plan, subscription.current_end
    until = day_words(end) if end else TODAY
    return [
        (until_line(until), GOES_ON, free_words(plan)),
        (Words("Until you resume"), Words("Nothing is charged"), free_words(plan)),
        (
            Words("If you resume before then"),
            Words("It goes on as before, with a payment on %(day)s", day=until),
            "",
        ),
        (
            Words("If you resume later"),
            Words("A new period begins on that day, and is charged at once"),
            due_words(plan, subscription.balance),
        ),
        *kept_lines(subscription),
    ]


def resume_lines(subscription: Subscription, now: dt.datetime, card: str | None) -> list[Line]:
    """Of going on after a pause, or of not ending after all."""
    plan, end = subscription.plan, subscription.current_end
    if subscription.paused_at is not None and (end is None or end <= local_day(now)):
        return next_bill(plan, subscription.balance, TODAY, card)
    until = day_words(subscription.billed_until)
    lines: list[Line] = [(TODAY, GOES_ON, free_words(plan))]
    return lines + next_bill(plan, subscription.balance, until, card)


def card_lines(
    subscription: Subscription, card: str | None, settlement: Settlement | None
) -> list[Line]:
    """Of another card, or of none; with the `settlement` of one that is about to end."""
    if subscription.status == SubscriptionStatus.PAST_DUE:
        words = Words("The open bill is due: we e-mail you a link to pay")
        if card:
            words = Words("The open bill is charged to %(card)s", card=card)
        return [(TODAY, words, "")]
    plan, balance = subscription.plan, subscription.balance
    day = day_words(subscription.billed_until)
    if settlement is not None:
        theirs = replace(settlement, card=card)
        return [_end_line(theirs, day), *settlement_lines(theirs, day)]
    if subscription.paused_at is not None:
        pause = (Words("Until you resume"), Words("Nothing is charged"), free_words(plan))
        return [pause, *next_bill(plan, balance, Words("After that"), card)]
    return next_bill(plan, balance, day, card)


def card_words(subscription: Subscription, settlement: Settlement | None) -> str:
    """What a card that is entered for a subscription is charged next, in a sentence."""
    plan = subscription.plan
    if subscription.status == SubscriptionStatus.PAST_DUE:
        return Words("%(price)s. The open bill is charged to it at once.", price=plan.price_words())
    if subscription.paused_at is not None:
        return Words("%(price)s, from when you resume.", price=plan.price_words())
    day = day_words(subscription.billed_until)
    if settlement is not None and settlement.charged:
        return Words(
            "It ends on %(day)s, with one last payment of %(due)s.",
            day=day,
            due=money_words(settlement.charged, plan),
        )
    if settlement is not None:
        return Words("It ends on %(day)s.", day=day)
    due, _ = amount_due(plan, subscription.balance)
    return Words(
        "%(price)s. The next payment, of %(due)s, is on %(day)s.",
        price=plan.price_words(),
        due=money_words(due, plan),
        day=day,
    )


def _end_line(settlement: Settlement, when: str) -> Line:
    """That it ends. What is still charged then is a line of its own."""
    if settlement.charged:
        return when, ENDS_WITH_DEBT, ""
    return when, ENDS, shown_money(Money(0, settlement.currency))


def _by_card(refunds: Iterable[GivenBack]) -> dict[str, int]:
    """How much goes back to each card, in minor units."""
    cards: dict[str, int] = {}
    for one in refunds:
        cards[one.card] = cards.get(one.card, 0) + one.amount
    return cards


def _back_words(card: str, money: Money) -> tuple[str, str]:
    words = Words(
        "Your credit goes back to %(card)s. Banks take 5 to 10 working days to show it", card=card
    )
    return words, Words("%(money)s back", money=money)
