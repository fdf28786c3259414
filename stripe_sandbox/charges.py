"""Charges: one for each time a card was asked, whether it paid or not."""

from typing import Any

from stripe_sandbox import cards, ids, statements
from stripe_sandbox.call import Call
from stripe_sandbox.cards import Decline
from stripe_sandbox.listing import page
from stripe_sandbox.params import PAGE, merged_metadata, metadata, text, unsettable
from stripe_sandbox.routing import route
from stripe_sandbox.store import Object

_COPIED = (
    "amount",
    "application_fee_amount",
    "currency",
    "customer",
    "description",
    "metadata",
    "on_behalf_of",
    "receipt_email",
    "shipping",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_data",
    "transfer_group",
)


_UNKNOWN = (
    *_COPIED,
    *("application_fee", "balance_transaction", "calculated_statement_descriptor"),
    *("failure_balance_transaction", "failure_code", "failure_message", "outcome"),
    *("payment_intent", "payment_method", "receipt_number", "receipt_url", "review"),
    *("source", "source_transfer"),
)


def blank(call: Call, prefix: str, **fields: Any) -> Object:
    """A charge with these fields, and what every charge has."""
    every: Object = {
        **dict.fromkeys(_UNKNOWN),
        "amount_refunded": 0,
        "application": call.application,
        "disputed": False,
        "fraud_details": {},
        "metadata": {},
        "refunded": False,
    }
    return call.new("charge", prefix, **{**every, **fields})


def build(
    call: Call, intent: Object, method: Object, decline: Decline | None, *, authenticated: bool
) -> Object:
    """A charge that ended, not yet stored. One to be captured later holds the money, no more."""
    paid = decline is None
    captured = paid and intent["capture_method"] != "manual"
    charge = blank(
        call,
        "ch",
        **{name: intent[name] for name in _COPIED},
        amount_captured=intent["amount"] if captured else 0,
        billing_details=method["billing_details"],
        calculated_statement_descriptor=statements.on_statement(intent) if paid else None,
        captured=captured,
        failure_code=decline.code if decline else None,
        failure_message=decline.message if decline else None,
        outcome=_outcome(decline),
        paid=paid,
        payment_intent=intent["id"],
        payment_method=method["id"],
        payment_method_details=_details(intent, method, decline, authenticated=authenticated),
        status="succeeded" if paid else "failed",
    )
    if charge["transfer_data"]:
        charge["transfer_data"] = {"amount": None, **charge["transfer_data"]}
    if paid:
        charge["receipt_url"] = f"{call.context.base_url}/receipts/{charge['id']}"
    return charge


def _outcome(decline: Decline | None) -> Object:
    if decline is None:
        return {
            "advice_code": None,
            "network_advice_code": None,
            "network_decline_code": None,
            "network_status": "approved_by_network",
            "reason": None,
            "risk_level": "normal",
            "risk_score": 20,
            "seller_message": "Payment complete.",
            "type": "authorized",
        }
    if decline.blocked:
        return _outcome(None) | {
            "network_status": "not_sent_to_network",
            "reason": "highest_risk_level",
            "risk_level": "highest",
            "risk_score": 99,
            "seller_message": "Stripe blocked this payment as too risky.",
            "type": "blocked",
        }
    said = f"The bank returned the decline code `{decline.decline_code}`."
    if decline.decline_code == "generic_decline":
        said = "The bank did not return any further details with this decline."
    return _outcome(None) | {
        "advice_code": decline.advice_code,
        "network_advice_code": decline.network_advice_code,
        "network_decline_code": decline.network_decline_code,
        "network_status": "declined_by_network",
        "reason": decline.decline_code,
        "seller_message": said,
        "type": "issuer_declined",
    }


def _details(
    intent: Object, method: Object, decline: Decline | None, *, authenticated: bool
) -> Object:
    card = method["card"]
    shown = ("brand", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4")
    checks = dict(card["checks"])
    if checks["cvc_check"]:
        known = cards.BY_NUMBER.get(method["_number"])
        fails = decline is not None and decline.code == "incorrect_cvc"
        fails |= known is not None and known.fails_cvc_check
        checks["cvc_check"] = "fail" if fails else "pass"
    authentication = {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": "05",
        "exemption_indicator": None,
        "result": "authenticated",
        "result_reason": None,
        "transaction_id": ids.new_id("dsid", 12),
        "version": "2.2.0",
    }
    return {
        "type": "card",
        "card": {
            **{name: card[name] for name in shown},
            "amount_authorized": None if decline else intent["amount"],
            "authorization_code": None if decline else ids.random_text(6).upper(),
            "checks": checks,
            "electronic_commerce_indicator": "05" if authenticated and not decline else None,
            "extended_authorization": {"status": "disabled"},
            "incremental_authorization": {"status": "unavailable"},
            "installments": None,
            "mandate": None,
            "multicapture": {"status": "unavailable"},
            "network": card["brand"],
            "network_token": {"used": False},
            "network_transaction_id": None if decline else ids.random_text(15),
            "overcapture": {"maximum_amount_capturable": intent["amount"], "status": "unavailable"},
            "regulated_status": card["regulated_status"],
            "three_d_secure": authentication if authenticated else None,
            "transaction_link_id": None,
            "wallet": None,
        },
    }


@route("GET", "/v1/charges/{charge_id}")
def retrieve(call: Call, _params: dict[str, Any], charge_id: str) -> Object:
    return call.get(charge_id, "charge")


@route(
    "POST",
    "/v1/charges/{charge_id}",
    {
        "description": unsettable(text),
        "metadata": metadata,
        "receipt_email": unsettable(text),
        "transfer_group": text,
    },
)
def update(call: Call, params: dict[str, Any], charge_id: str) -> Object:
    charge = call.get(charge_id, "charge")
    given = merged_metadata(charge["metadata"], params.pop("metadata", None))
    charge |= {name: value for name, value in params.items() if name != "expand"}
    charge["metadata"] = given
    call.emit("charge.updated", call.put(charge))
    return charge


@route(
    "GET", "/v1/charges", {"customer": text, "payment_intent": text, "transfer_group": text, **PAGE}
)
def list_(call: Call, params: dict[str, Any]) -> Object:
    return page(
        call,
        "charge",
        "/v1/charges",
        params,
        "customer",
        "payment_intent",
        "transfer_group",
    )
