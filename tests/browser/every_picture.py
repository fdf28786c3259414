"""The pictures that `make pictures` takes, by what they are of: a page, a mail, a state or a
sentence. A test holds each list to what the product has of it (`test_every_picture.py`)."""

from __future__ import annotations

from payments_app.payments.phases import Phase
from payments_app.subscriptions.models import SubscriptionStatus

FORM = (
    *("form-several", "form-free", "form-plan", "form-trial", "form-download", "form-order"),
    *("form-order-unfolded", "form-wrong", "form-saved-card", "form-new-card", "form-question"),
    *("form-without-scripts", "form-while-stripe-loads", "form-while-stripe-is-slow", "request"),
    *("form-another-price", "form-has-plan", "form-has-one", "form-wrong-card"),
    *("bank-closed", "german-form", "german-form-plan", "german-bank"),
)
STATUS = (*("waiting-check-again", "bank", "bank-of-another", "german-declined"),)
THANKS = (
    *("thank-you", "thank-you-download", "thank-you-plan", "thank-you-trial", "thank-you-free"),
    *("german-thank-you", "refunded-in-part", "refunded", "refund-failed", "dispute-lost"),
)
CHANGES = {
    "plan": "subscription-to-change",
    "cancellation": "subscription-to-cancel",
    "pause": "subscription-to-pause",
    "resumption": "subscription-to-resume",
    "card": "subscription-to-charge",
}
STATUSES = {
    SubscriptionStatus.INCOMPLETE: "subscription-being-set-up",
    SubscriptionStatus.TRIALING: "subscription-trial",
    SubscriptionStatus.ACTIVE: "subscription-active",
    SubscriptionStatus.PAST_DUE: "subscriptions",
    SubscriptionStatus.CANCELED: "subscription-ended",
}
PHASES = {
    Phase.CREATED: "waiting",
    Phase.PROCESSING: "waiting",
    Phase.REQUIRES_ACTION: "bank",
    Phase.AWAITING_BANK: "waiting-for-the-bank",
    Phase.UNKNOWN: "checking",
    Phase.COMPLETE: "complete",
    Phase.FAILED: "declined",
    Phase.CANCELED: "payment-called-off",
}
# By what the page of a payment that took no money is headed.
FAILURES = {
    "Payment failed": "declined",
    "Payment not confirmed": "not-confirmed",
    "Payment cancelled": "payment-called-off",
    "The card was not saved": "card-not-saved",
    "This could not be completed": "free-not-completed",
    "Paid by another attempt": "paid-by-another-attempt",
    "Another attempt is under way": "another-attempt-under-way",
}
# What is said beside the state, by its `data-note`.
NOTES = {
    "soon": "waiting",
    "slow": "waiting-after-10s",
    "leave": "waiting-after-60s",
    "action": "bank-closed",
    "offline": "waiting-offline",
}
# What the checkout's scripts say; where two stand in the same place, one of them.
SCRIPT_WORDS = {
    "processing": "form-sending",
    "emailMissing": "form-wrong",
    "emailWrong": "form-wrong-address",
    "answerMissing": "form-wrong-answer",
    "cardWrong": "form-wrong-card",
    "pay": "form-several",
    "fieldsGone": "form-without-stripe",
    "fieldsFailed": "form-without-stripe",
    "noCardService": "form-wrong-card",
    "noNet": "form-offline",
    "late": "form-late",
    "notSent": "form-not-sent",
    "sentBefore": "form-not-sent",
}
# Why there is no file behind a link.
GONE = {
    "refunded": "download-refunded",
    "disputed": "download-disputed",
    "expired": "download-gone",
}
# By the point of docs/experience.md: what a buyer sees of it. Of the others nothing is to be seen.
POINTS = {
    1: "form-several",
    2: "form-several",
    3: "form-several",
    4: "form-several",
    6: "form-several",
    8: "form-several",
    9: "form-another-price",
    10: "form-wrong-address",
    11: "form-wrong",
    12: "form-wrong",
    13: "form-another-price",
    15: "form-sending",
    17: "thank-you",
    19: "form-expired",
    20: "form-without-scripts",
    21: "thank-you",
    22: "mail-receipt",
    24: "waiting",
    28: "waiting",
    31: "waiting-offline",
    32: "waiting-after-10s",
    33: "waiting-after-60s",
    34: "waiting-check-again",
    36: "bank",
    37: "bank-of-another",
    38: "declined",
    40: "checking",
}
UNSEEN = {5, 7, 14, 16, 18, 23, 25, 26, 27, 29, 30, 35, 39}
PAGES = {
    "layout.html": ("shop",),
    "error.html": (
        *("not-found", "form-expired", "error-413", "error-429", "error-500", "error-503"),
    ),
    "checkout/challenge.html": ("security-check",),
    "checkout/closed.html": ("request-no-longer-open",),
    "checkout/form.html": (*FORM, "form-likely-address", *SCRIPT_WORDS.values()),
    "checkout/not_for_sale.html": ("form-sold-out", "form-no-longer-sold"),
    "checkout/shop.html": ("shop", "german-shop"),
    "checkout/status.html": (*STATUS, *PHASES.values(), *FAILURES.values(), *NOTES.values()),
    "checkout/thankyou.html": THANKS,
    "consents/confirm.html": ("consent-to-end",),
    "consents/ended.html": ("consent-ended",),
    "consents/mine.html": ("consents", "consents-none"),
    "customers/account.html": ("account", "account-money-back", "account-empty"),
    "customers/ask.html": (
        *("account-ask", "account-ask-wrong", "account-link-too-old", "german-account-ask"),
    ),
    "customers/asked.html": ("account-asked",),
    "customers/continue.html": ("account-continue", "account-of-another"),
    "downloads/gone.html": (*GONE.values(),),
    "orders/cart.html": ("cart-empty", "cart", "cart-refused", "cart-sold-out", "german-cart"),
    "subscriptions/confirm.html": (*CHANGES.values(),),
    "subscriptions/mine.html": (
        *STATUSES.values(),
        *("subscription-paused", "subscription-to-end", "subscription-ended-and-unpaid"),
        "subscriptions-none",
    ),
    "subscriptions/remove_card.html": ("card-to-remove",),
}
# Each in each language.
MAILS = {
    f"mail/{name}.html": tuple(f"{begin}mail-{name.replace('_', '-')}" for begin in ("", "german-"))
    for name in (
        *("account_link", "card_expires", "card_removed", "dispute_lost", "download", "dunning"),
        *("payment_failed", "payment_link", "receipt", "refund", "refund_failed"),
        *("subscription_changed", "subscription_ended", "trial_ending"),
    )
}
ALL = {name for names in (PAGES | MAILS).values() for name in names}
