"""The plan: what each buyer will do and which fault strikes when, all from one seed.

The plan is replayed exactly; how processes interleave is the machine's own.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Strike:
    """A fault, struck when so many buyers have come. `seed` is for what the fault itself draws."""

    after: int
    fault: str
    seed: int


def wishes(seed: int, buyers: int) -> list[Wish]:
    """What each buyer will do."""
    return [_wish(random.Random(f"{seed}-buyer-{number}"), number) for number in range(buyers)]


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
    return Wish(
        number=number,
        item=chance.choice(ITEMS),
        quantity=chance.randint(1, 3),
        cards=tuple(cards),
        bank=chance.choices(("complete", "fail", "leave"), (6, 2, 2))[0],
        double_click=chance.random() < 0.15,
        impatient=chance.random() < 0.1,
        two_tabs=chance.random() < 0.2,
        tampers=chance.random() < 0.05,
    )
