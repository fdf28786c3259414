"""The pictures that `make pictures` takes, by what they are of: a page, a mail, a state."""

from __future__ import annotations

from payments_app.payments.phases import Phase
from payments_app.subscriptions.models import SubscriptionStatus

FORM = (
    *("form-several", "form-free", "form-plan", "form-trial", "form-order", "form-order-unfolded"),
    *("form-wrong", "form-saved-card", "form-new-card", "form-question", "form-without-scripts"),
    *("form-while-stripe-loads", "form-while-stripe-is-slow", "form-without-stripe", "request"),
    *("bank-closed", "german-form", "german-bank"),
)
STATUS = (
    *("waiting", "waiting-after-10s", "waiting-after-60s", "waiting-offline"),
    *("waiting-check-again", "waiting-for-the-bank", "checking", "bank", "not-confirmed"),
    *("declined", "german-declined"),
)
THANKS = (
    *("thank-you", "thank-you-download", "thank-you-free", "german-thank-you"),
    *("refunded-in-part", "refunded", "refund-failed", "dispute-lost"),
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
PAGES = {
    "layout.html": ("shop",),
    "error.html": (
        *("not-found", "form-expired", "error-413", "error-429", "error-500", "error-503"),
    ),
    "checkout/challenge.html": ("security-check",),
    "checkout/closed.html": ("request-no-longer-open",),
    "checkout/form.html": FORM,
    "checkout/not_for_sale.html": ("form-sold-out", "form-no-longer-sold"),
    "checkout/shop.html": ("shop", "german-shop"),
    "checkout/status.html": (*STATUS, *PHASES.values()),
    "checkout/thankyou.html": THANKS,
    "consents/confirm.html": ("consent-to-end",),
    "consents/ended.html": ("consent-ended",),
    "consents/mine.html": ("consents",),
    "customers/account.html": ("account", "account-money-back"),
    "customers/ask.html": ("account-ask",),
    "customers/asked.html": ("account-asked",),
    "customers/continue.html": ("account-continue",),
    "downloads/gone.html": ("download-gone",),
    "orders/cart.html": ("cart-empty", "cart", "cart-refused", "cart-sold-out", "german-cart"),
    "subscriptions/confirm.html": (*CHANGES.values(),),
    "subscriptions/mine.html": (
        *STATUSES.values(),
        *("subscription-paused", "subscription-to-end"),
    ),
    "subscriptions/remove_card.html": ("card-to-remove",),
}
MAILS = {
    f"mail/{name}.html": (f"mail-{name.replace('_', '-')}",)
    for name in (
        *("account_link", "card_expires", "card_removed", "dispute_lost", "download", "dunning"),
        *("payment_failed", "payment_link", "receipt", "refund", "refund_failed"),
        *("subscription_changed", "subscription_ended", "trial_ending"),
    )
}
ALL = {name for names in (PAGES | MAILS).values() for name in names}
