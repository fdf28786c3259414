"""Disputes and early fraud warnings, https://docs.stripe.com/testing#disputes."""

import time
from typing import Any

from stripe_sandbox import balance
from stripe_sandbox.call import Call
from stripe_sandbox.cards import Aftermath
from stripe_sandbox.errors import ApiError
from stripe_sandbox.files import EVIDENCE as EVIDENCE_FILE
from stripe_sandbox.listing import page
from stripe_sandbox.params import (
    PAGE,
    boolean,
    hash_of,
    long_text,
    merged_metadata,
    metadata,
    text,
    unsettable,
)
from stripe_sandbox.routing import route
from stripe_sandbox.store import Object

_FEE = 1500  # minor units
_ANSWER_WITHIN = 7 * 24 * 3600  # seconds
_OPEN = ("needs_response", "warning_needs_response")
_EVIDENCE = tuple(
    """
    access_activity_log billing_address cancellation_policy cancellation_policy_disclosure
    cancellation_rebuttal customer_communication customer_email_address customer_name
    customer_purchase_ip customer_signature duplicate_charge_documentation
    duplicate_charge_explanation duplicate_charge_id product_description receipt refund_policy
    refund_policy_disclosure refund_refusal_explanation service_date service_documentation
    shipping_address shipping_carrier shipping_date shipping_documentation
    shipping_tracking_number uncategorized_file uncategorized_text
    """.split()
)
# Ids of uploaded files.
_FILES = frozenset(
    """
    cancellation_policy customer_communication customer_signature duplicate_charge_documentation
    receipt refund_policy service_documentation shipping_documentation uncategorized_file
    """.split()
)
_LONGEST = 150_000  # characters, of all evidence together
_REASONS = {
    Aftermath.DISPUTE_FRAUDULENT: "fraudulent",
    Aftermath.DISPUTE_NOT_RECEIVED: "product_not_received",
    Aftermath.INQUIRY: "fraudulent",
}


def apply_aftermath(call: Call, charge: Object, aftermath: Aftermath) -> None:
    """What the card's owner or issuer does once the charge succeeded."""
    if aftermath is Aftermath.FRAUD_WARNING:
        warning = call.new(
            "radar.early_fraud_warning",
            "issfr",
            actionable=True,
            charge=charge["id"],
            fraud_type="made_with_stolen_card",
            payment_intent=charge["payment_intent"],
        )
        call.emit("radar.early_fraud_warning.created", call.put(warning))
    elif aftermath in _REASONS:
        _open(call, charge, _REASONS[aftermath], inquiry=aftermath is Aftermath.INQUIRY)


def _open(call: Call, charge: Object, reason: str, *, inquiry: bool) -> None:
    dispute = call.new(
        "dispute",
        "dp",
        amount=charge["amount_captured"],
        balance_transactions=[],
        charge=charge["id"],
        currency=charge["currency"],
        enhanced_eligibility_types=[],
        evidence={**dict.fromkeys(_EVIDENCE), "enhanced_evidence": {}},
        evidence_details={
            "due_by": int(time.time()) + _ANSWER_WITHIN,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        intended_submission_method=None,
        is_charge_refundable=inquiry,
        metadata={},
        payment_intent=charge["payment_intent"],
        payment_method_details={
            "card": {
                "brand": charge["payment_method_details"]["card"]["brand"],
                "case_type": "inquiry" if inquiry else "chargeback",
                "network": charge["payment_method_details"]["card"]["network"],
                "network_reason_code": "10.4" if reason == "fraudulent" else "13.1",
            },
            "type": "card",
        },
        reason=reason,
        status="warning_needs_response" if inquiry else "needs_response",
    )
    charge |= {"disputed": True, "_refundable": inquiry}
    call.put(charge)
    if not inquiry:
        fee = {"amount": _FEE, "currency": charge["currency"], "type": "stripe_fee"}
        fee |= {"application": None, "description": "Dispute fee"}
        dispute["balance_transactions"].append(
            balance.record(call, "adjustment", dispute, -charge["amount_captured"], [fee])
        )
    call.emit("charge.dispute.created", call.put(dispute))
    if not inquiry:
        call.emit("charge.dispute.funds_withdrawn", dispute)


@route("GET", "/v1/disputes/{dispute_id}")
def retrieve(call: Call, _params: dict[str, Any], dispute_id: str) -> Object:
    return call.get(dispute_id, "dispute")


@route(
    "POST",
    "/v1/disputes/{dispute_id}",
    {
        "evidence": hash_of(**dict.fromkeys(_EVIDENCE, unsettable(long_text))),
        "metadata": metadata,
        "submit": boolean,
    },
)
def update(call: Call, params: dict[str, Any], dispute_id: str) -> Object:
    """Evidence is submitted unless `submit` is false, as at Stripe."""
    dispute = call.get(dispute_id, "dispute")
    _check_open(dispute)
    dispute["metadata"] = merged_metadata(dispute["metadata"], params.get("metadata"))
    dispute["evidence"] |= params.get("evidence", {})
    _check_evidence(call, dispute["evidence"])
    details = dispute["evidence_details"]
    details["has_evidence"] = any(dispute["evidence"][name] for name in _EVIDENCE)
    submitted = params.get("submit", "evidence" in params)
    if not submitted:
        call.emit("charge.dispute.updated", call.put(dispute))
        return dispute
    details["submission_count"] += 1
    details["submission_method"] = "manual"
    inquiry = dispute["status"].startswith("warning")
    dispute["status"] = "warning_under_review" if inquiry else "under_review"
    call.emit("charge.dispute.updated", call.put(dispute))
    match dispute["evidence"]["uncategorized_text"]:
        case "winning_evidence":
            _close(call, dispute, "warning_closed" if inquiry else "won")
        case "losing_evidence":
            _close(call, dispute, "warning_closed" if inquiry else "lost")
    return dispute


@route("POST", "/v1/disputes/{dispute_id}/close")
def close(call: Call, _params: dict[str, Any], dispute_id: str) -> Object:
    """Gives the dispute up."""
    dispute = call.get(dispute_id, "dispute")
    _check_open(dispute)
    _close(call, dispute, "warning_closed" if dispute["status"].startswith("warning") else "lost")
    return dispute


def _check_evidence(call: Call, evidence: Object) -> None:
    """Raises ApiError 400 for more than a bank reads, and for a file that is none."""
    if sum(len(evidence[name] or "") for name in _EVIDENCE) > _LONGEST:
        raise ApiError(
            400,
            f"The combined character count of all evidence fields is limited to {_LONGEST:,}.",
            param="evidence",
        )
    for name in _FILES:
        if evidence[name]:
            given = call.param(evidence[name], "file", f"evidence[{name}]")
            if given["purpose"] != EVIDENCE_FILE:
                raise ApiError(400, "This file is no evidence.", param=f"evidence[{name}]")


def _check_open(dispute: Object) -> None:
    if dispute["status"] not in _OPEN:
        raise ApiError(
            400,
            f"This dispute has a status of {dispute['status']}: evidence cannot be changed any"
            " more.",
            executed=True,
        )


def _close(call: Call, dispute: Object, status: str) -> None:
    dispute["status"] = status
    if status == "won":
        dispute["balance_transactions"].append(
            balance.record(call, "adjustment", dispute, dispute["amount"])
        )
    call.emit("charge.dispute.closed", call.put(dispute))
    if status == "won":
        call.emit("charge.dispute.funds_reinstated", dispute)


@route("GET", "/v1/disputes", {"charge": text, "payment_intent": text, **PAGE})
def list_(call: Call, params: dict[str, Any]) -> Object:
    return page(call, "dispute", "/v1/disputes", params, "charge", "payment_intent")


@route("GET", "/v1/radar/early_fraud_warnings/{warning_id}")
def retrieve_warning(call: Call, _params: dict[str, Any], warning_id: str) -> Object:
    return call.get(warning_id, "radar.early_fraud_warning")


@route(
    "GET",
    "/v1/radar/early_fraud_warnings",
    {"charge": text, "payment_intent": text, **PAGE},
)
def list_warnings(call: Call, params: dict[str, Any]) -> Object:
    url = "/v1/radar/early_fraud_warnings"
    return page(call, "radar.early_fraud_warning", url, params, "charge", "payment_intent")
