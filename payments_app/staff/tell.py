"""tell: what to say to a customer about a payment."""

from __future__ import annotations

from payments_app.core.money import Money
from payments_app.payments.phases import Phase, State
from payments_app.payments.truth import (
    DISPUTE_LOST,
    DISPUTE_WON,
    DISPUTED,
    PARTLY_REFUNDED,
    REFUND_FAILED,
    REFUND_PENDING,
    REFUNDED,
    Truth,
)
from payments_app.staff.detail import Detail

_TELL = {
    Phase.COMPLETE: "The payment went through.",
    Phase.CANCELED: "No payment was made. You may pay again.",
    Phase.CREATED: "The payment is on its way. Please don't pay again.",
    Phase.PROCESSING: "The payment is on its way. Please don't pay again.",
    Phase.REQUIRES_ACTION: "Your bank asks you to confirm the payment. Nothing was charged yet.",
    Phase.AWAITING_BANK: "Your bank takes its time. Please don't pay again.",
    Phase.UNKNOWN: "We're checking with your bank. Please don't pay again.",
    REFUNDED: "We refunded it. Banks take 5 to 10 working days to show a refund.",
    PARTLY_REFUNDED: "We refunded {returned}. Banks take 5 to 10 working days to show it.",
    REFUND_PENDING: "We refund {coming}.",
    REFUND_FAILED: "Your bank sent the refund back to us. We give you the money in another way.",
    DISPUTED: "Your bank decides about it now. Until then we can't refund it.",
    DISPUTE_LOST: "Your bank gave you back {taken}. We can't refund it once more.",
    DISPUTE_WON: "Your bank decided that the payment stands. {taken} of it did not come back.",
}


def tell_of(detail: Detail, truth: Truth | None) -> str:
    """One sentence or two, as the customer may read them."""
    if truth and truth.closed.get("retry") == "paid":
        return "Another attempt went through. You have paid."
    if detail.state == State.FAILED and detail.buyer_read:
        return f"{detail.buyer_read} Nothing was charged."
    status = truth.status if truth else detail.phase
    return _TELL.get(status, "We look into it.").format_map(sums(truth, detail.currency))


def sums(truth: Truth | None, currency: str) -> dict[str, str]:
    """What came back, comes back, was taken and is kept, in words."""
    names = ("returned", "coming", "taken", "kept")
    return {name: str(Money(getattr(truth, name, 0), currency)) for name in names}
