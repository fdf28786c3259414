"""Stripe's test cards and what each does, https://docs.stripe.com/testing."""

from dataclasses import dataclass
from enum import Enum


class Authentication(Enum):
    """When the bank wants to see its customer (3-D Secure)."""

    NEVER = "never"
    ON_SESSION = "on_session"  # already set up for off-session use
    UNTIL_SET_UP = "until_set_up"
    ALWAYS = "always"


class Aftermath(Enum):
    """What follows a successful charge, later."""

    NOTHING = "nothing"
    REFUND_PENDS = "refund_pends"
    REFUND_FAILS = "refund_fails"
    DISPUTE_FRAUDULENT = "fraudulent"
    DISPUTE_NOT_RECEIVED = "product_not_received"
    INQUIRY = "inquiry"
    FRAUD_WARNING = "fraud_warning"


@dataclass(frozen=True)
class Decline:
    code: str
    decline_code: str
    message: str = "Your card was declined."
    advice_code: str | None = None
    network_decline_code: str | None = None
    param: str | None = None
    blocked: bool = False

    @property
    def network_advice_code(self) -> str | None:
        return {
            "confirm_card_data": "01",
            "try_again_later": "02",
            "do_not_try_again": "03",
        }.get(self.advice_code or "")


GENERIC = Decline(
    "card_declined",
    "generic_decline",
    advice_code="try_again_later",
    network_decline_code="01",
)
INSUFFICIENT = Decline(
    "card_declined",
    "insufficient_funds",
    "Your card has insufficient funds.",
    "try_again_later",
    "51",
)
LOST = Decline(
    "card_declined", "lost_card", advice_code="do_not_try_again", network_decline_code="41"
)
STOLEN = Decline(
    "card_declined", "stolen_card", advice_code="do_not_try_again", network_decline_code="43"
)
EXPIRED = Decline(
    "expired_card",
    "expired_card",
    "Your card has expired.",
    "confirm_card_data",
    "54",
    "exp_month",
)
INCORRECT_CVC = Decline(
    "incorrect_cvc",
    "incorrect_cvc",
    "Your card's security code is incorrect.",
    "confirm_card_data",
    "N7",
    "cvc",
)
PROCESSING_ERROR = Decline(
    "processing_error",
    "processing_error",
    "An error occurred while processing your card. Try again in a little bit.",
    "try_again_later",
    "96",
)
VELOCITY = Decline(
    "card_declined",
    "card_velocity_exceeded",
    "Your card was declined for making repeated attempts too frequently or exceeding its"
    " amount limit.",
    network_decline_code="65",
)
FRAUDULENT = Decline("card_declined", "fraudulent", network_decline_code="59")
BLOCKED = Decline("card_declined", "fraudulent", blocked=True)
UNAUTHENTICATED = Decline(
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
    network_decline_code="1A",
)


@dataclass(frozen=True)
class TestCard:
    number: str
    ids: tuple[str, ...]
    decline: Decline | None = None
    authentication: Authentication = Authentication.NEVER
    aftermath: Aftermath = Aftermath.NOTHING
    attachable: bool = True
    fails_cvc_check: bool = False  # and pays: to block it is a rule of the account's own


def _declined(number: str, decline: Decline, *ids: str, attachable: bool = False) -> TestCard:
    return TestCard(number, ids, decline, attachable=attachable)


def _secure(
    number: str, test_id: str, when: Authentication, decline: Decline | None = None
) -> TestCard:
    return TestCard(number, (test_id,), decline, authentication=when)


def _troubled(number: str, test_id: str, aftermath: Aftermath) -> TestCard:
    return TestCard(number, (test_id,), aftermath=aftermath)


TEST_CARDS = (
    TestCard("4242424242424242", ("pm_card_visa",)),
    TestCard("5555555555554444", ("pm_card_mastercard",)),
    TestCard("378282246310005", ("pm_card_amex",)),
    _declined(
        "4000000000000002",
        GENERIC,
        "pm_card_visa_chargeDeclined",
        "pm_card_chargeDeclined",
    ),
    _declined(
        "4000000000009995",
        INSUFFICIENT,
        "pm_card_visa_chargeDeclinedInsufficientFunds",
        "pm_card_chargeDeclinedInsufficientFunds",
    ),
    _declined("4000000000009987", LOST, "pm_card_visa_chargeDeclinedLostCard"),
    _declined("4000000000009979", STOLEN, "pm_card_visa_chargeDeclinedStolenCard"),
    _declined("4000000000000069", EXPIRED, "pm_card_chargeDeclinedExpiredCard"),
    _declined("4000000000000127", INCORRECT_CVC, "pm_card_chargeDeclinedIncorrectCvc"),
    _declined("4000000000000119", PROCESSING_ERROR, "pm_card_chargeDeclinedProcessingError"),
    _declined("4000000000006975", VELOCITY, "pm_card_visa_chargeDeclinedVelocityLimitExceeded"),
    _declined("4100000000000019", BLOCKED, "pm_card_radarBlock"),
    _declined("4000000000000341", GENERIC, "pm_card_chargeCustomerFail", attachable=True),
    _secure(
        "4000002500003155",
        "pm_card_authenticationRequiredOnSetup",
        Authentication.UNTIL_SET_UP,
    ),
    _secure("4000002760003184", "pm_card_authenticationRequired", Authentication.ALWAYS),
    _secure(
        "4000003800000446",
        "pm_card_authenticationRequiredSetupForOffSession",
        Authentication.ON_SESSION,
    ),
    _secure(
        "4000008260003178",
        "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
        Authentication.ON_SESSION,
        INSUFFICIENT,
    ),
    _secure("4000000000003220", "pm_card_threeDSecure2Required", Authentication.ALWAYS),
    _secure(
        "4000008400001629",
        "pm_card_threeDSecureRequiredChargeDeclined",
        Authentication.ALWAYS,
        GENERIC,
    ),
    TestCard("4000000000000101", ("pm_card_cvcCheckFail",), fails_cvc_check=True),
    _troubled("4000000000007726", "pm_card_pendingRefund", Aftermath.REFUND_PENDS),
    _troubled("4000000000005126", "pm_card_refundFail", Aftermath.REFUND_FAILS),
    _troubled("4000000000000259", "pm_card_createDispute", Aftermath.DISPUTE_FRAUDULENT),
    _troubled(
        "4000000000002685",
        "pm_card_createDisputeProductNotReceived",
        Aftermath.DISPUTE_NOT_RECEIVED,
    ),
    _troubled("4000000000001976", "pm_card_createDisputeInquiry", Aftermath.INQUIRY),
    _troubled("4000000000005423", "pm_card_createIssuerFraudRecord", Aftermath.FRAUD_WARNING),
)
# Stripe names no number for this one: an id only, on a number of its own here.
_FRAUDULENT = _declined("4000000000005910", FRAUDULENT, "pm_card_chargeDeclinedFraudulent")

BY_NUMBER = {card.number: card for card in (*TEST_CARDS, _FRAUDULENT)}
BY_ID = {name: card for card in BY_NUMBER.values() for name in card.ids}


def brand(number: str) -> str:
    prefixes = (("4", "visa"), ("5", "mastercard"), ("2", "mastercard"), ("3", "amex"))
    return next((name for prefix, name in prefixes if number.startswith(prefix)), "unknown")


def passes_luhn(number: str) -> bool:
    digits = [int(digit) for digit in reversed(number)]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[0::2]) + sum(doubled)) % 10 == 0
