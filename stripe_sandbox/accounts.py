"""Whose call it is: keys, and the switches that make them fail."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stripe_sandbox import ids
from stripe_sandbox.errors import ApiError
from stripe_sandbox.messages import Request

_KEY = re.compile(r"^(sk|rk|pk)_test_([A-Za-z0-9_]+)$")


@dataclass(frozen=True)
class Caller:
    account: str
    publishable: bool
    connected: str | None


def identify(request: Request, params: dict[str, Any]) -> Caller:
    """Reads the key, and takes what Stripe.js adds out of `params`. Raises ApiError 401."""
    key = _given_key(request.headers) or params.pop("key", None)
    connected = request.headers.get("Stripe-Account") or params.pop("_stripe_account", None)
    if not isinstance(key, str) or not key:
        raise ApiError(
            401,
            "You did not provide an API key. You need to provide your API key in the Authorization"
            " header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See"
            " https://docs.stripe.com/api#authentication for details, or we can help at"
            " https://support.stripe.com/.",
        )
    match = _KEY.match(key)
    if not match:
        raise invalid_key(key)
    return Caller(ids.account_id(match[2]), match[1] == "pk", connected)


def invalid_key(key: str) -> ApiError:
    shown = f"{key[:8]}{'*' * 12}{key[-4:]}" if len(key) > 16 else "*" * 12
    return ApiError(401, f"Invalid API Key provided: {shown}")


def lacking_permission(account: str) -> ApiError:
    return ApiError(
        403,
        "The provided key does not have the required permissions for this endpoint on account"
        f" '{account}'.",
    )


def needs_secret_key() -> ApiError:
    return ApiError(
        403,
        "This API call cannot be made with a publishable API key. Please use a secret API key. You"
        " can find a list of your API keys at https://dashboard.stripe.com/account/apikeys.",
        code="secret_key_required",
    )


def _given_key(headers: Mapping[str, str]) -> str | None:
    scheme, _, value = headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return value
    return None
