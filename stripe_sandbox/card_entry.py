"""A card as it is entered: by its number, by a test token, or by the id of a test card."""

import time
from typing import Any

from stripe_sandbox import cards, ids
from stripe_sandbox.call import Call
from stripe_sandbox.errors import ApiError
from stripe_sandbox.params import BILLING, choice, hash_of, integer, missing, text
from stripe_sandbox.store import Object

REDISPLAY = choice("always", "limited", "unspecified")
CARD = hash_of(number=text, exp_month=integer, exp_year=integer, cvc=text, token=text)
METHOD_DATA = hash_of(
    type=choice("card"), card=CARD, billing_details=BILLING, allow_redisplay=REDISPLAY
)


def build(
    call: Call,
    number: str,
    *,
    exp_month: int = 12,
    exp_year: int | None = None,
    cvc: str | None = "123",
    billing: dict[str, Any] | None = None,
    allow_redisplay: str = "unspecified",
) -> Object:
    return call.new(
        "payment_method",
        "pm",
        type="card",
        allow_redisplay=allow_redisplay,
        billing_details=billing_details(billing or {}),
        card=_card(number, exp_month, exp_year or time.gmtime().tm_year + 1, cvc),
        customer=None,
        customer_account=None,
        metadata={},
        _number=number,
        _set_up=False,
        _spent=False,
    )


def billing_details(given: dict[str, Any]) -> Object:
    address = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    return {
        **dict.fromkeys(("email", "name", "phone", "tax_id")),
        **given,
        "address": {**address, **(given.get("address") or {})},
    }


def _card(number: str, exp_month: int, exp_year: int, cvc: str | None) -> Object:
    brand = cards.brand(number)
    return {
        "brand": brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "unchecked" if cvc else None,
        },
        "country": "US",
        "display_brand": brand,
        "exp_month": exp_month,
        "exp_year": exp_year,
        "fingerprint": ids.derived_text(number),
        "funding": "credit",
        "generated_from": None,
        "last4": number[-4:],
        "networks": {"available": [brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def from_data(call: Call, data: dict[str, Any], name: str = "") -> Object:
    """A method from card data, as a browser sends it. Raises ApiError 400 or 402."""
    card = data.get("card", {})
    prefix = f"{name}[card]" if name else "card"
    if "token" in card:
        known = cards.BY_ID.get(card["token"].replace("tok_", "pm_card_", 1))
        if not known:
            raise ApiError(
                400,
                f"No such token: '{card['token']}'",
                code="resource_missing",
                param=f"{prefix}[token]",
            )
        card = {"number": known.number}
    elif not call.publishable:
        raise ApiError(
            402,
            "Sending credit card numbers directly to the Stripe API is generally unsafe. We suggest"
            " you use test tokens that map to the test card you are using, see"
            " https://stripe.com/docs/testing. To enable testing raw card data APIs, see"
            " https://support.stripe.com/questions/enabling-access-to-raw-card-data-apis.",
        )
    elif "number" not in card:
        raise missing(f"{prefix}[number]")
    else:
        _check_card(card)
    return build(
        call,
        card["number"],
        exp_month=card.get("exp_month", 12),
        exp_year=card.get("exp_year"),
        cvc=card.get("cvc", "123" if "token" in card else None),
        billing=data.get("billing_details"),
        allow_redisplay=data.get("allow_redisplay", "unspecified"),
    )


def _check_card(card: dict[str, Any]) -> None:
    number = card["number"].replace(" ", "")
    if not number.isdecimal() or not 12 <= len(number) <= 19 or not cards.passes_luhn(number):
        raise _card_error("incorrect_number", "Your card number is incorrect.", "number")
    today = time.gmtime()
    month, year = card.get("exp_month", 0), card.get("exp_year", 0)
    if not 1 <= month <= 12:
        raise _card_error(
            "invalid_expiry_month", "Your card's expiration month is invalid.", "exp_month"
        )
    year += 2000 if year < 100 else 0
    if (year, month) < (today.tm_year, today.tm_mon) or year > today.tm_year + 50:
        raise _card_error(
            "invalid_expiry_year", "Your card's expiration year is invalid.", "exp_year"
        )
    card |= {"number": number, "exp_year": year}


def _card_error(code: str, message: str, param: str) -> ApiError:
    return ApiError(402, message, type="card_error", code=code, param=param)
