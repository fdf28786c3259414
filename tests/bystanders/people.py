"""A customer with a saved card, a merchant with account and endpoint, a staff member; each signed
in, and with a link that was mailed."""

from __future__ import annotations

from payments_app.accounts.api_keys import ApiKey
from payments_app.accounts.models import (
    KnownBrowser,
    RecoveryCode,
    SecondFactor,
    SignInTries,
    Staff,
    StaffSession,
)
from payments_app.core.web.link_requests import LinkRequest
from payments_app.core.web.one_time_links import OneTimeLink
from payments_app.core.web.visitor_sessions import VisitorSession
from payments_app.customers.models import Customer, SavedCard
from payments_app.merchants.models import ConnectedAccount, Endpoint, Merchant
from payments_app.payment_requests.customer_models import ApplicationCustomer
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

WHO = {"customer": CUSTOMER, "merchant": MERCHANT}


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
    visits = [
        {
            "id": f"ses_bystander_{audience}",
            "token_hash": f"bystander_{audience}",
            "audience": audience,
            "subject": subject,
            "address": EMAIL,
            "browser": "Firefox on Linux",
            "created_at": THEN,
            "seen_at": THEN,
            "expires_at": FAR,
        }
        for audience, subject in WHO.items()
    ]
    links = [
        {
            "token_hash": f"bystander_{purpose}",
            "purpose": purpose,
            "subject": subject,
            "address": EMAIL,
            "to": "/account",
            "created_at": THEN,
            "expires_at": FAR,
        }
        for purpose, subject in (WHO | {"staff_password": STAFF}).items()
    ]
    asked = {"id": "ask_bystander", "address": EMAIL, "to": "/account", "created_at": FAR}
    factor = {
        "staff_id": STAFF,
        "secret": "bystander",
        "last_step": 7,
        "created_at": THEN,
        "confirmed_at": THEN,
    }
    code = {"code_hash": "bystander", "staff_id": STAFF, "created_at": THEN}
    browser = {"token_hash": "bystander", "staff_id": STAFF, "seen_at": THEN}
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
    called = {
        "id": "acust_bystander",
        "application": "key_bystander",
        "reference": "ada-7",
        "email": EMAIL,
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
        (VisitorSession, visits),
        (OneTimeLink, links),
        (LinkRequest, [asked]),
        (SecondFactor, [factor]),
        (RecoveryCode, [code]),
        (KnownBrowser, [browser]),
        (SavedFilter, [kept]),
        (ApiKey, [key]),
        (ApplicationCustomer, [called]),
    ]
