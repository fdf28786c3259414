"""What goes back of something that moved: a fee's refund, a transfer's reversal."""

from typing import Any

from stripe_sandbox.call import Call
from stripe_sandbox.errors import ApiError
from stripe_sandbox.store import Object


def part_of(
    call: Call, whole: Object, back: str, amount: int, kind: tuple[str, str], **fields: Any
) -> Object:
    """A new object of `kind` (its name, and what its id begins with) over `amount` of what is left
    of `whole`, which counts what went `back`. The caller records the balance and stores it.

    Raises ApiError 400 for more than what is left.
    """
    left = whole["amount"] - whole[back]
    if not 1 <= amount <= left:
        said, of = _WORDS[kind[0]]
        raise ApiError(
            400,
            f"{said} amount ({amount}) is greater than {of} ({left})",
            param="amount",
        )
    part = call.new(
        *kind,
        amount=amount,
        balance_transaction=None,
        currency=whole["currency"],
        **{"metadata": {}, **fields},
    )
    del part["livemode"]
    return part


_WORDS = {
    "fee_refund": ("Refund", "unrefunded amount on fee"),
    "transfer_reversal": ("Reversal", "unreversed amount on transfer"),
}
