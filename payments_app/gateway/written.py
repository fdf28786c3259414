"""What people wrote at Stripe (a description, metadata, an error's message), without card numbers.

Stripe keeps whatever somebody types, and answers it again. Only the fields that people write are
looked at: ids, the networks' references and Stripe's own numbers may look like a card's, and stay.
Source: https://docs.stripe.com/metadata
"""

from __future__ import annotations

import re
from typing import Any

from payments_app.core.card_numbers import holds, mask

_FEWEST = 13  # digits of a card's number
# Also where they are parts of billing details, an address, an error or a business.
_WRITTEN = frozenset(
    "access_activity_log account_holder_name billing_address calculated_statement_descriptor "
    "cancellation_policy_disclosure cancellation_rebuttal carrier city code customer_name "
    "customer_reference decline_code description display_name doc_url doing_business_as "
    "duplicate_charge_explanation failure_message first_name first_name_kana first_name_kanji "
    "footer given_name last_name last_name_kana last_name_kanji legal_name line1 line2 "
    "maiden_name memo merchant_reference message metadata name name_kana name_kanji nickname "
    "note order_reference param phone postal_code product_code product_description "
    "refund_policy_disclosure refund_refusal_explanation registered_name seller_message "
    "shipping_address shipping_carrier shipping_tracking_number state statement_descriptor "
    "statement_descriptor_kana statement_descriptor_kanji statement_descriptor_prefix "
    "statement_descriptor_suffix support_phone support_url surname tax_id title town "
    "tracking_number transfer_group uncategorized_text".split()
)
# No part of one is an address any more.
_ADDRESSES = frozenset(
    "contact_email customer_email email instructions_email receipt_email support_email".split()
)
# Our own in metadata: ids, and hashes, of which many would hold such a number by chance.
_OURS = re.compile(r"(?:[a-z]+-)?(?:[0-9a-f]{32}|[0-9a-f]{64}|[a-z]{2,5}_[0-9a-z]{26}(?:-\d+)?)")


def without_numbers(said: Any) -> Any:
    """Stripe's JSON-like data without the card numbers that people wrote, at any depth."""
    if isinstance(said, dict):
        return {name: _field(name, value) for name, value in said.items()}
    if isinstance(said, list):
        return [without_numbers(each) for each in said]
    return said


def _field(name: str, value: Any) -> Any:
    if name in _ADDRESSES and isinstance(value, str):
        return None if _may_hold(value) and holds(value) else value
    return _cut(value) if name in _WRITTEN else without_numbers(value)


def _cut(written: Any) -> Any:
    if isinstance(written, dict):
        return {_cut(name): _cut(value) for name, value in written.items()}
    if isinstance(written, list):
        return [_cut(each) for each in written]
    return mask(written) if isinstance(written, str) and _may_hold(written) else written


def _may_hold(text: str) -> bool:
    return sum(map(str.isdigit, text)) >= _FEWEST and not _OURS.fullmatch(text)
