"""What buyers and staff read of a decline, by its key. They decide nothing."""

from __future__ import annotations

from payments_app.core.language import Words

BUYER = {
    "B1": Words("Your bank declined this payment. Contact your bank or use another card."),
    "B2": Words(
        "Your card does not have enough funds, or has reached a limit. "
        "Use another card or try again later."
    ),
    "B3": Words(
        "Some of the card details are wrong. Check the number, the expiry date and the "
        "security code, and try again."
    ),
    "B4": Words("This card has expired. Use another card."),
    "B5": Words("A temporary problem stopped this payment. Try again."),
    "B6": Words(
        "Your bank needs you to confirm this payment. "
        "Try again and follow your bank's instructions."
    ),
    "B7": Words("This card can't be used for this purchase or currency. Use another card."),
    "B8": Words(
        "A payment like this one was just made. Check for its receipt before you try again."
    ),
    "B9": Words("Test cards can't be charged. Use a real card."),
    "B10": Words("This shop is being tested and can't take real cards. You were not charged."),
    # Not declines: the bank was not what stopped these.
    "canceled": Words("This payment was cancelled. You were not charged."),
    "already_bought": Words(
        "This card has paid for as many of these as one customer may have. You were not charged."
    ),
    "card_again": Words("Your card details have expired. Enter your card again."),
    "not_made": Words("We couldn't make this payment. Try again."),
    "not_ordered": Words("We couldn't complete your order. Try again."),  # nothing was to be paid
}
NOT_CONFIRMED = "B6"  # the bank's check was left, or not passed: nobody refused the payment
# What the button says after these; after all others, that it is tried again.
_ANOTHER_CARD = frozenset({"B1", "B2", "B4", "B7", "B9"})
STAFF = {
    "S1": "Ask the customer to call their bank, with the amount, the time and our business name.",
    "S2": "Ask the customer to use another card.",
    "S3": "Ask the customer to enter the card's details again.",
    "S4": "Retry once, later. If it is declined again, the customer must contact their bank.",
    "S5": "Ask the customer to pay again and confirm with their bank (3-D Secure).",
    "S6": "Do not tell the customer the reason and do not retry. Check for fraud.",
    "S7": "Check for an earlier payment first.",
    "S8": "Check the amount.",
    "S9": "Check the configuration: a test card was used with a live key.",
    "S10": "Check the configuration: a real card was used with a test key.",
}


def try_again_words(key: str) -> str:
    """What the button after a buyer's sentence says, by the sentence's key."""
    if key == "card_again":
        return Words("Enter the card again")
    return Words("Try another card") if key in _ANOTHER_CARD else Words("Try again")
