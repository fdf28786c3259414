"""An account of its own for each test, as Stripe's own library sees the sandbox."""

import json
import secrets
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import stripe

from tests.sandbox.shop import WITHIN, Inbox


@pytest.fixture
def key() -> str:
    return f"sk_test_{secrets.token_hex(12)}"


@pytest.fixture
def connect(sandbox_url: str) -> Callable[[str], Any]:
    """The API's v1 with a key."""

    def make(key: str) -> Any:
        client = stripe.StripeClient(
            key, base_addresses={"api": sandbox_url}, max_network_retries=0
        )
        return client.v1

    return make


@pytest.fixture
def v1(connect: Callable[[str], Any], key: str) -> Any:
    return connect(key)


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
