"""owed: which refunds that failed are owed still. One rule for staff's needs and buyers' pages."""

from __future__ import annotations

from collections.abc import Sequence


def still_owed(refunds: Sequence[tuple[int, bool]], left: int) -> list[bool]:
    """Of each refund, oldest first, whether its money is owed still. Each is its amount in minor
    units and whether it gave nothing; `left` is what remains paid.

    One that failed is made good by a later one of its amount, each of which makes good one, and is
    owed no more once another of as much was tried and failed, since that one is, or once nothing
    is left. A later refund of another amount may be for something else: it ends nothing.
    """
    owed = [failed and left > 0 for _, failed in refunds]
    sent: list[int] = []
    tried = 0
    for number in range(len(refunds) - 1, -1, -1):
        amount, failed = refunds[number]
        if not failed:
            sent.append(amount)
        elif amount <= tried:
            owed[number] = False
        elif amount in sent:
            sent.remove(amount)
            owed[number] = False
        if failed:
            tried = max(tried, amount)
    return owed
