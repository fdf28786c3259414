"""Signing the webhooks that we send, as Standard Webhooks does.

Source: https://www.standardwebhooks.com, specification 1.0.0
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable

SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix is public


def signed_headers(
    event_id: str, timestamp: int, body: str, secrets: Iterable[str]
) -> dict[str, str]:
    """The headers that let the receiver check id, time (seconds since 1970) and body; one
    signature for each secret, so that either side of a rotation can."""
    content = f"{event_id}.{timestamp}.{body}".encode()
    signatures = (f"v1,{_sign(content, secret)}" for secret in secrets)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def _sign(content: bytes, secret: str) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    return base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
