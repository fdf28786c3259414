"""What a PaymentIntent takes, and when."""

from typing import Any

from stripe_sandbox import card_entry, currencies
from stripe_sandbox.params import (
    SHIPPING,
    array_of,
    boolean,
    choice,
    hash_of,
    integer,
    metadata,
    text,
    unsettable,
)


def _off_session(value: Any, name: str) -> Any:
    return value if value in ("one_off", "recurring") else boolean(value, name)


CHANGEABLE = {
    "allowed_payment_method_types": array_of(choice("card", "link")),
    "application_fee_amount": unsettable(integer),
    "capture_method": choice("automatic", "automatic_async", "manual"),
    "customer": text,
    "description": unsettable(text),
    "metadata": metadata,
    "payment_method": text,
    "payment_method_options": hash_of(
        card=hash_of(request_three_d_secure=choice("automatic", "any", "challenge"))
    ),
    "receipt_email": unsettable(text),
    "setup_future_usage": unsettable(choice("off_session", "on_session")),
    "shipping": unsettable(SHIPPING),
    "statement_descriptor": unsettable(text),
    "statement_descriptor_suffix": unsettable(text),
    "transfer_data": hash_of(destination=text, amount=integer),
    "transfer_group": text,
}
AMOUNT = {"amount": integer, "currency": currencies.known}
CONFIRMING = {
    "confirmation_token": text,
    "error_on_requires_action": boolean,
    "mandate_data": hash_of(
        customer_acceptance=hash_of(
            type=choice("online", "offline"),
            accepted_at=integer,
            online=hash_of(ip_address=text, user_agent=text),
            offline=hash_of(),
        )
    ),
    "off_session": _off_session,
    "payment_method_data": card_entry.METHOD_DATA,
    "return_url": text,
    "use_stripe_sdk": boolean,
}
ONLY_AT_CONFIRM = (
    "confirmation_token",
    "error_on_requires_action",
    "mandate_data",
    "off_session",
    "return_url",
)
AT_CONFIRM_TOO = (
    "allowed_payment_method_types",
    "capture_method",
    "payment_method",
    "payment_method_options",
    "receipt_email",
    "setup_future_usage",
    "shipping",
)
CARD_OPTIONS = {
    "installments": None,
    "mandate_options": None,
    "network": None,
    "request_three_d_secure": "automatic",
}
STORED = (
    "application_fee_amount",
    "capture_method",
    "customer",
    "description",
    "payment_method_options",
    "receipt_email",
    "setup_future_usage",
    "shipping",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_data",
    "transfer_group",
    "on_behalf_of",
)
