"""effect_words: phrases that the lines of `effects.py` share."""

from __future__ import annotations

from payments_app.core.language import Words, message
from payments_app.core.money import Money
from payments_app.subscriptions.amounts import amount_due
from payments_app.subscriptions.models import Plan, Subscription

Line = tuple[str, str, str]  # when, what happens, how much
TODAY = Words("Today")
_EVERY = {"week": Words("Every week"), "month": Words("Every month"), "year": Words("Every year")}


def next_bill(plan: Plan, balance: int, when: str, card: str | None) -> list[Line]:
    """What the next bill comes to, and what comes after it."""
    due, left = amount_due(plan, balance)
    words = Words("Nothing is charged")
    if due and card:
        words = Words("The next payment is charged to %(card)s", card=card)
    elif due:
        words = Words("The next payment is due: we e-mail you a link to pay")
    lines: list[Line] = [(when, words, money_words(due, plan))]
    later = Words("From then on")
    if left < 0:
        rest = Words("The rest of your credit pays the bills that follow")
        lines.append((Words("After that"), rest, money_words(-left, plan)))
        later = Words("Once your credit is used")
    lines.append((later, _EVERY[plan.interval], money_words(plan.amount, plan)))
    return lines


def kept_lines(subscription: Subscription) -> list[Line]:
    """What of a balance stays while nothing is billed."""
    if not subscription.balance:
        return []
    words = Words("What goes on the next bill")
    if subscription.balance < 0:
        words = Words("Your credit is kept")
    return [(Words("Meanwhile"), words, subscription.balance_words)]


def due_words(plan: Plan, balance: int) -> str:
    """What is charged of the plan's price, with this balance."""
    return money_words(amount_due(plan, balance)[0], plan)


def money_words(amount: int, plan: Plan) -> str:
    """An amount (minor units) in the plan's currency."""
    return shown_money(Money(amount, plan.currency))


def shown_money(money: Money) -> str:
    """Money, as the reader's language writes it."""
    return Words.made(lambda: str(money))


def until_line(day: str) -> str:
    """Until which day something holds."""
    return Words("Until %(day)s", day=day)


def difference_words(day: str, difference: int, plan: Plan) -> tuple[str, str]:
    """What the days that are left cost more or less (minor units), and where that goes."""
    money = money_words(abs(difference), plan)
    if difference > 0:
        words = message("The days that are left until %(day)s cost more for the other plan")
        return Words(words, day=day), Words("%(money)s on the next bill", money=money)
    words = message("The days that are left until %(day)s cost less for the other plan")
    return Words(words, day=day), Words("%(money)s off the next bill", money=money)


def free_words(plan: Plan) -> str:
    """Nothing, in the plan's currency."""
    return money_words(0, plan)
