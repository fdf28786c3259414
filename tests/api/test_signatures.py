"""What we post is verified by the library that other applications use."""

from __future__ import annotations

import json
import time

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from payments_app.core.web.signing import signed_headers
from payments_app.merchants.endpoints import new_secret

pytestmark = pytest.mark.portable
BODY = json.dumps({"type": "payment_captured", "data": {"payment": {"id": "txn_1"}}})


def test_both_sides_of_a_rotation_verify_and_nobody_else() -> None:
    new, old, other = new_secret(), new_secret(), new_secret()
    headers = signed_headers("webhook_txn_1", int(time.time()), BODY, [new, old])
    for secret in (new, old):
        assert Webhook(secret).verify(BODY, headers) == json.loads(BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new).verify(BODY.replace("txn_1", "txn_2"), headers)


def test_an_old_call_is_not_taken_again() -> None:
    secret = new_secret()
    headers = signed_headers("webhook_txn_1", int(time.time()) - 3600, BODY, [secret])
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, headers)
