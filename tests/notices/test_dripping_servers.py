"""Servers that say a byte now and then, from their first one on, hold a thread no longer than
others."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from payments_app.checkout import turnstile
from payments_app.notices import call, smtp
from payments_app.notices.webhook_retries import TimedOutError

GREETING, TLS_RECORD, HEADER = b"220 ", b"\x16\x03\x03\x40\x00", b"HTTP/1.1 204 No Content\r\nX: "
DRIPS, EVERY_SECONDS = 200, 0.1
LETTER = smtp.OutgoingMail(
    key="a",
    sender_name="Shop",
    sender="shop@example.com",
    recipient="ada@example.com",
    subject="Hello",
    text="Hello",
    html="Hello",
    written_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
)
Drip = Callable[[bytes], int]


@pytest.fixture
def drip() -> Iterator[Drip]:
    """Starts a server that begins with these bytes; its port."""
    ended, servers = threading.Event(), []

    def serve(server: socket.socket, first: bytes) -> None:
        with contextlib.suppress(OSError), server.accept()[0] as connection:
            connection.sendall(first)
            for _ in range(DRIPS):
                if ended.wait(EVERY_SECONDS):
                    return
                connection.sendall(b"a")

    def start(first: bytes) -> int:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)
        threading.Thread(target=serve, args=(server, first), daemon=True).start()
        return int(server.getsockname()[1])

    yield start
    ended.set()
    for server in servers:
        server.close()


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (smtp, call, turnstile):
        monkeypatch.setattr(module, "WHOLE_SECONDS", 1.0)


@pytest.fixture(autouse=True)
def soon() -> Iterator[None]:
    """Long before the server ends by itself."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < DRIPS * EVERY_SECONDS / 2


@pytest.mark.parametrize(("scheme", "first"), [("smtp", GREETING), ("smtps", TLS_RECORD)])
def test_a_mail_server_that_drips_its_greeting(drip: Drip, scheme: str, first: bytes) -> None:
    with pytest.raises(smtp.MailDelayedError):
        smtp.post(f"{scheme}://127.0.0.1:{drip(first)}", LETTER)


@pytest.mark.parametrize(("scheme", "first"), [("http", HEADER), ("https", TLS_RECORD)])
def test_an_alert_s_webhook_that_drips_its_answer(drip: Drip, scheme: str, first: bytes) -> None:
    with pytest.raises(TimedOutError):
        call.post(f"{scheme}://127.0.0.1:{drip(first)}/hook?a=1", {}, "{}")


@pytest.mark.parametrize(("scheme", "first"), [("http", HEADER), ("https", TLS_RECORD)])
def test_a_challenge_s_provider_that_drips_its_answer(
    drip: Drip, scheme: str, first: bytes
) -> None:
    config: Any = SimpleNamespace(
        turnstile_base=f"{scheme}://127.0.0.1:{drip(first)}", turnstile_secret_key="a"
    )
    with pytest.raises((OSError, ValueError, turnstile.http.client.HTTPException)):
        turnstile._ask(config, "token")
