"""An account of its own for each test, as Stripe's own library sees the sandbox."""

import json
import os
import secrets
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import stripe

from tests.contract.recorder import Recorder
from tests.sandbox.shop import WITHIN, Inbox


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    if request.config.getoption("record_from"):
        return os.environ["STRIPE_TEST_KEY"]
    return f"sk_test_{secrets.token_hex(12)}"


@pytest.fixture
def connect(request: pytest.FixtureRequest, recorder: Recorder) -> Callable[[str], Any]:
    """The API's v1 with a key."""
    real = request.config.getoption("record_from")
    url = real or request.getfixturevalue("sandbox_url")
    addresses: Any = {"api": url} if real else {"api": url, "files": url}

    def make(key: str) -> Any:
        client = stripe.StripeClient(
            key, base_addresses=addresses, max_network_retries=0, http_client=recorder
        )
        return client.v1

    return make


@pytest.fixture
def v1(connect: Callable[[str], Any], key: str) -> Any:
    return connect(key)


@pytest.fixture
def once() -> dict[str, str]:
    """An idempotency key that nobody used."""
    return {"idempotency_key": f"order-{secrets.token_hex(8)}"}


@pytest.fixture
def control(sandbox_url: str, key: str) -> Callable[..., Any]:
    """Calls `/_sandbox/...` with JSON."""

    def call(method: str, path: str, content: Any = None) -> Any:
        request = urllib.request.Request(
            f"{sandbox_url}/_sandbox/{path}",
            json.dumps(content).encode() if content is not None else None,
            {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=WITHIN) as answer:
            return json.load(answer)

    return call


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    box = Inbox()
    yield box
    box.server.shutdown()
    box.server.server_close()
