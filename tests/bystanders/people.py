"""A customer with a saved card, a merchant with account and endpoint, a staff member."""

from __future__ import annotations

from payments_app.accounts.api_keys import ApiKey
from payments_app.accounts.models import SignInTries, Staff, StaffSession
from payments_app.customers.models import Customer, SavedCard
from payments_app.merchants.models import ConnectedAccount, Endpoint, Merchant
from payments_app.staff.payments.saved_filters import SavedFilter
from tests.bystanders.ids import (
    ACCOUNT,
    CARD,
    CUSTOMER,
    EMAIL,
    ENDPOINT,
    FAR,
    MERCHANT,
    NUMBER,
    STAFF,
    THEN,
    Rows,
)


def people() -> Rows:
    customer = {
        "id": CUSTOMER,
        "email": EMAIL,
        "name": "By Stander",
        "stripe_customer_id": "cus_bystander",
        "default_payment_method_id": "pm_bystander",
        "payment_status": "declined",
        "version": 7,
        "created_at": THEN,
    }
    card = {
        "id": CARD,
        "customer_id": CUSTOMER,
        "payment_method": "pm_bystander",
        "stripe_customer_id": "cus_bystander",
        "brand": "visa",
        "last4": "1881",
        "exp_month": 12,
        "exp_year": 2098,
        "created_at": THEN,
        "joined_at": THEN,
    }
    merchant = {"id": MERCHANT, "name": "By and Stander", "email": EMAIL, "created_at": THEN}
    account = {
        "merchant_id": MERCHANT,
        "charge_type": "destination",
        "country": "US",
        "stripe_account_id": ACCOUNT,
        "details_submitted": True,
        "charges_enabled": True,
        "transfers_enabled": True,
        "payouts_enabled": True,
        "requirements": {},
        "refreshed_at": THEN,
        "read_asked_at": FAR,
        "created_at": THEN,
    }
    endpoint = {
        "id": ENDPOINT,
        "merchant_id": MERCHANT,
        "url": "https://bystander.example.org/hook",
        "secret": "whsec_bystander",
        "failures": 1,
        "failing_since": FAR,
        "created_at": THEN,
    }
    member = {
        "id": STAFF,
        "email": EMAIL,
        "password_hash": "none",
        "role": "viewer",
        "session_version": 3,
        "created_at": THEN,
    }
    session = {
        "token_hash": "bystander",
        "staff_id": STAFF,
        "session_version": 3,
        "created_at": FAR,
        "seen_at": FAR,
        "confirmed_at": THEN,
    }
    tries = {"account": "bystander", "tries": 2, "since": FAR}
    key = {
        "id": "key_bystander",
        "name": "Bystander's",
        "scopes": ["payments:read"],
        "secret_hash": "bystander",
        "ends_in": "nder",
        "created_by": STAFF,
        "created_at": THEN,
    }
    kept = {"id": NUMBER, "staff_id": STAFF, "name": "Mine", "query": "state=failed"}
    return [
        (Customer, [customer]),
        (SavedCard, [card]),
        (Merchant, [merchant]),
        (ConnectedAccount, [account]),
        (Endpoint, [endpoint]),
        (Staff, [member]),
        (StaffSession, [session]),
        (SignInTries, [tries]),
        (SavedFilter, [kept]),
        (ApiKey, [key]),
    ]
