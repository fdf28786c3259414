"""What `/styleguide` shows: made-up things for each state of what a buyer's pages are made of."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

from payments_app.checkout.failure import Failure
from payments_app.core.language import Words
from payments_app.core.money import Money
from payments_app.core.web.assets import static_url
from payments_app.gateway.decline_sentences import BUYER, NOT_CONFIRMED, try_again_words
from payments_app.merchants.receipt_details import ReceiptDetails
from payments_app.payments.payable import Item
from payments_app.payments.phases import Phase
from payments_app.payments.refunds.money_back import MoneyBack, Movement

PRICE, NOTHING = Money(1099, "usd"), Money(0, "usd")
TODAY, LATER = dt.date(2026, 12, 1), dt.date(2026, 12, 10)
_CARD = SimpleNamespace(id="crd_1", words="Visa ending in 4242")
_OTHER = SimpleNamespace(id="crd_2", words="Mastercard ending in 4444")


def samples() -> dict[str, Any]:
    """All that the template of the style guide names."""
    return {
        "price": PRICE,
        "nothing": NOTHING,
        "items": _items(),
        "seller": ReceiptDetails("Ada's shop", ("1 High Street", "London"), "GB 123 4567 89"),
        "problems": [
            {
                "fields": {
                    "wrong": "Enter your e-mail address.",
                    "payment_method": "Check the card.",
                }
            },
            {"fields": {}, "message": "This is sold out.", "more": {}},
            {"fields": {}, "message": "You have this.", "more": {"see": "/account"}},
        ],
        "statuses": _statuses(),
        "choices": [([_CARD], "crd_1", False), ([_OTHER], "", True)],
        "questions": [(_question(), {"challenge_answer": "That is not the sum."}), (None, {})],
        "products": [_product(PRICE), _product(NOTHING), _product(PRICE, "Sold out.")],
        "downloads": [_product(PRICE)],
        "plans": [_plan(0), _plan(14)],
        "subscriptions": _subscriptions(),
        "today": TODAY,
    }


def _items() -> list[Item]:
    return [
        Item("Notebook", 2, PRICE, static_url("icon.svg")),
        Item("Bookmark", 1, NOTHING),
        Item("Map", 3, NOTHING),
    ]


def _statuses() -> list[tuple[dict[str, Any], Failure | None, MoneyBack | None]]:
    """Each phase, with what it says of a card that is only kept and of what is free."""
    waiting = [
        _status(Phase.CREATED),
        _status(Phase.CREATED, amount=0),
        _status(Phase.CREATED, amount=0, keeps_card=True),
        _status(Phase.REQUIRES_ACTION, client_secret="of nobody"),  # noqa: S106 - no secret
        _status(Phase.REQUIRES_ACTION, client_secret="of nobody", keeps_card=True),  # noqa: S106
        _status(Phase.REQUIRES_ACTION, keeps_card=True),
        _status(Phase.AWAITING_BANK),
        _status(Phase.UNKNOWN),
        _status(Phase.UNKNOWN, amount=0),
    ]
    complete = _status(Phase.COMPLETE, thankyou_url="#thanks")
    backs = (
        *(_back(), _back(refunded=PRICE * 2), _back(taken=PRICE * 2)),
        *(_back(refunded=PRICE), _back(taken=PRICE), _part_back()),
    )
    free = _status(Phase.COMPLETE, amount=0)
    return (
        [(status, None, None) for status in waiting]
        + [(complete, None, back) for back in backs]
        + [(free, None, MoneyBack(NOTHING, NOTHING, NOTHING, []))]
        + [(_status(Phase.FAILED), failure, None) for failure in _failures()]
    )


def _status(phase: Phase, amount: int = PRICE.amount, **more: Any) -> dict[str, Any]:
    return {"phase": phase, "amount": amount, "keeps_card": False} | more


def _failures() -> list[Failure]:
    """One for each sentence that a buyer may read, one of them with all that may stand below."""
    found = [
        Failure(
            Words("Payment failed"),
            sentence,
            "",
            "bank" if key == NOT_CONFIRMED else "failed",
            try_again_words(key),
            "#again",
        )
        for key, sentence in BUYER.items()
    ]
    heading = Words("Paid by another attempt")
    return [*found, Failure(heading, "See there.", "More of it.", "done", "", None, "#back")]


def _back(refunded: Money = NOTHING, taken: Money = NOTHING) -> MoneyBack:
    went = [Movement(refunded, arrives=LATER)] if refunded.amount else []
    went += [Movement(taken)] if taken.amount else []
    return MoneyBack(PRICE * 2, refunded, taken, went)


def _part_back() -> MoneyBack:
    """Of 21.98: a part refunded, a refund that did not arrive, a part that the bank gave back."""
    movements = [
        Movement(PRICE, arrives=LATER, trace="12345"),
        Movement(PRICE, failed=True),
        Movement(Money(500, "usd")),
    ]
    return MoneyBack(PRICE * 2, PRICE, Money(500, "usd"), movements)


def _question() -> SimpleNamespace:
    return SimpleNamespace(words="What is 3 + 4?", token="of nobody")  # noqa: S106 - no secret


def _product(price: Money, refusal: str = "") -> SimpleNamespace:
    """A product as a download names it, and with whether it can be bought as the shop does."""
    named = {"slug": "notebook", "name": "Notebook", "summary": "Of 48 pages.", "price": price}
    product = SimpleNamespace(**named, amount=price.amount, picture=static_url("icon.svg"))
    return SimpleNamespace(**named, product=product, refusal=refusal)


def _plan(trial_days: int) -> SimpleNamespace:
    return SimpleNamespace(
        slug=f"plan-{trial_days}",
        name="Coffee club",
        summary="A bag each month.",
        trial_days=trial_days,
        price_words=lambda: f"{PRICE} each month",
    )


def _subscriptions() -> list[tuple[dict[str, Any], list[SimpleNamespace]]]:
    """Each with the cards of its customer."""
    bill = SimpleNamespace(id="per_1", price=PRICE, start=TODAY)
    both = [_CARD, _OTHER]
    made = [
        (_subscription("active", own_card=_CARD, card_id="crd_1", balance=500), both),
        (_subscription("trialing", balance=-500), both),
        (_subscription("active", usable_card=_CARD), [_CARD]),
        (_subscription("active", cancel_at_period_end=True), []),
        (_subscription("active", shown="paused"), []),
        (_subscription("active", shown="paused", current_end=TODAY), []),
        (_subscription("active", current_end=None), []),
        (_subscription("past_due"), []),
        (_subscription("past_due", unpaid=bill), []),
        (_subscription("canceled"), []),
        (_subscription("canceled", end=_end(bill)), []),
        (_subscription("active", cancel_at_period_end=True, balance=500, end=_end()), []),
    ]
    for number, (row, _) in enumerate(made):
        row["subscription"].id = f"sub_{number}"
        row["subscription"].plan.name += f" {number + 1}"
    return made


def _end(*to_pay: SimpleNamespace) -> SimpleNamespace:
    """What an end comes to."""
    return SimpleNamespace(lines=[("Today", "It ends", str(NOTHING))], to_pay=to_pay)


def _subscription(
    status: str,
    *,
    shown: str = "",
    unpaid: SimpleNamespace | None = None,
    end: SimpleNamespace | None = None,
    **more: Any,
) -> dict[str, Any]:
    facts = {
        "plan": _plan(0),
        "status": status,
        "display_status": shown or status,
        "current_end": LATER,
        "cancel_at_period_end": False,
        "own_card": None,
        "usable_card": None,
        "card_id": None,
        "balance": 0,
        "balance_words": Money(500, "usd"),
    }
    plans = [_plan(14)] if status == "active" else []
    one = SimpleNamespace(**facts | more)
    return {"subscription": one, "unpaid": unpaid, "plans": plans, "end": end}
