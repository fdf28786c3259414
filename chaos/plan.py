"""The plan: what each buyer will do and which fault strikes when, all from one seed.

The plan is replayed exactly; how processes interleave is the machine's own.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

GOOD = ("pm_card_visa", "pm_card_mastercard", "pm_card_amex")
DECLINED = (
    "pm_card_visa_chargeDeclined",
    "pm_card_visa_chargeDeclinedInsufficientFunds",
    "pm_card_chargeDeclinedExpiredCard",
    "pm_card_chargeDeclinedProcessingError",
    "pm_card_chargeDeclinedFraudulent",
)
ASKED = ("pm_card_threeDSecure2Required", "pm_card_authenticationRequired")
ASKED_AND_DECLINED = ("pm_card_threeDSecureRequiredChargeDeclined",)
REFUND_FAILS, REFUND_PENDS = "pm_card_refundFail", "pm_card_pendingRefund"
# What a buyer asks support for afterwards, and how often; see chaos/support.py for what is done.
ERRANDS = {
    "": 66,
    "part": 5,
    "parts": 4,
    "full": 5,
    "double_click": 3,
    "together": 4,
    "too_much": 2,
    "failing": 3,
    "pending": 3,
    "retry": 5,
}
ONE_EACH = "sticker"  # of which a customer gets one
ITEMS = ("field-notes", "field-notes", "enamel-mug", "canvas-bag", "tea-tin", "sticker")


@dataclass(frozen=True)
class Wish:
    """What one buyer does. `bank` is the answer to the bank's check: complete, fail or leave."""

    number: int
    item: str
    quantity: int
    cards: tuple[str, ...]  # the first, and those tried after each decline
    bank: str
    double_click: bool
    impatient: bool  # hangs up before the answer to the POST, then sends it again
    two_tabs: bool  # tries the next card in two tabs at once
    tampers: bool  # with the price, first
    errand: str = ""  # what support is asked for afterwards


@dataclass(frozen=True)
class Strike:
    """A fault, struck when so many buyers have come. `seed` is for what the fault itself draws."""

    after: int
    fault: str
    seed: int


def wishes(seed: int, buyers: int) -> list[Wish]:
    """What each buyer will do."""
    planned = [_wish(random.Random(f"{seed}-buyer-{number}"), number) for number in range(buyers)]
    return [_with_errand(wish, random.Random(f"{seed}-support-{wish.number}")) for wish in planned]


def strikes(seed: int, buyers: int, faults: dict[str, int], count: int) -> list[Strike]:
    """`count` faults by their weights, every kind once at least where there is room for it."""
    chance = random.Random(f"{seed}-director")
    kinds = chance.sample(sorted(faults), min(count, len(faults)))
    names = sorted(faults)
    kinds += chance.choices(names, [faults[name] for name in names], k=count - len(kinds))
    chance.shuffle(kinds)
    moments = sorted(chance.randrange(buyers // 20, buyers) for _ in kinds)
    return [
        Strike(after, kind, chance.randrange(1 << 30))
        for after, kind in zip(moments, kinds, strict=True)
    ]


def _wish(chance: random.Random, number: int) -> Wish:
    first = chance.choices((GOOD, DECLINED, ASKED, ASKED_AND_DECLINED), (60, 22, 15, 3))[0]
    cards = [chance.choice(first)]
    while len(cards) < 3 and chance.random() < 0.7:
        cards.append(chance.choice(chance.choices((GOOD, DECLINED, ASKED), (6, 2, 2))[0]))
    item, quantity = chance.choice(ITEMS), chance.randint(1, 3)
    return Wish(
        number=number,
        item=item,
        quantity=1 if item == ONE_EACH else quantity,
        cards=tuple(cards),
        bank=chance.choices(("complete", "fail", "leave"), (6, 2, 2))[0],
        double_click=chance.random() < 0.15,
        impatient=chance.random() < 0.1,
        two_tabs=chance.random() < 0.2,
        tampers=chance.random() < 0.05,
    )


def _with_errand(wish: Wish, chance: random.Random) -> Wish:
    """A refund that fails or waits needs a card of its own; who asks for a retry may also try
    another card meanwhile."""
    errand = chance.choices(list(ERRANDS), list(ERRANDS.values()))[0]
    cards = wish.cards
    if errand in ("failing", "pending"):
        card = REFUND_FAILS if errand == "failing" else REFUND_PENDS
        cards = tuple(card if wished in GOOD else wished for wished in cards)
    elif errand == "retry":
        cards = (chance.choice(DECLINED), *cards[1:][: chance.randint(0, 1)])
    return replace(wish, errand=errand, cards=cards)
