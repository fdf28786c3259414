"""One call to a merchant's endpoint: to the address that was checked, in short time, once.

No redirect is followed, and nothing of the answer is kept but its status.
"""

from __future__ import annotations

import contextlib
import email.utils
import http.client
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from payments_app.core.db.clock import utcnow
from payments_app.core.deadline import deadline
from payments_app.merchants.address import AddressRefusedError, Guard, Target, UnknownHostError
from payments_app.notices.webhook_retries import (
    DeliveryError,
    RateLimitedError,
    TimedOutError,
    UnreachableError,
)

CONNECT_SECONDS = 5.0
WHOLE_SECONDS = 15.0


@dataclass(frozen=True)
class Outcome:
    """What became of a call. `problem` is None where the endpoint took the event (2xx)."""

    status: int | None
    milliseconds: int
    problem: DeliveryError | None


def call(guard: Guard, url: str, headers: Mapping[str, str], body: str) -> Outcome:
    """POST `body` (JSON) to `url`. Never raises: what went wrong is the outcome's problem."""
    started = time.monotonic()
    status, problem = None, None
    try:
        status, wish = _post(guard.target(url), headers, body.encode())
        problem = _problem_of(status, wish)
    except DeliveryError as error:
        problem = error
    except (UnknownHostError, AddressRefusedError) as error:
        kind = UnreachableError if isinstance(error, UnknownHostError) else DeliveryError
        problem = kind(str(error))
    return Outcome(status, int((time.monotonic() - started) * 1000), problem)


def post(url: str, headers: Mapping[str, str], body: str) -> None:
    """POST `body` (JSON) to an address of the installation's own settings, in as short a time.

    Raises DeliveryError where that did not answer 2xx.
    """
    parts = urlsplit(url)
    host, tls = parts.hostname or "", parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    target = Target(tls, host, parts.port or (443 if tls else 80), path, host)
    problem = _problem_of(*_post(target, headers, body.encode()))
    if problem is not None:
        raise problem


def _post(target: Target, headers: Mapping[str, str], body: bytes) -> tuple[int, str | None]:
    try:
        connection = socket.create_connection((target.address, target.port), CONNECT_SECONDS)
        with contextlib.closing(connection), deadline(connection, WHOLE_SECONDS) as limit:
            try:
                return _converse(connection, target, headers, body)
            finally:
                if limit.passed:  # even with a status: its answer was cut off
                    raise TimedOutError(f"no whole answer within {WHOLE_SECONDS:g} s")
    except TimeoutError as error:
        raise TimedOutError("no answer in time") from error
    except ssl.SSLError as error:
        raise DeliveryError(f"TLS: {error.reason or error}"[:300]) from error
    except OSError as error:
        raise UnreachableError(_in_words(error)) from error
    except http.client.HTTPException as error:
        raise DeliveryError("the answer is not HTTP") from error


def _converse(
    connection: socket.socket, target: Target, headers: Mapping[str, str], body: bytes
) -> tuple[int, str | None]:
    connection.settimeout(WHOLE_SECONDS)
    if target.tls:
        context = ssl.create_default_context()
        connection = context.wrap_socket(connection, server_hostname=target.host)
    client = http.client.HTTPConnection(target.host, target.port)
    client.sock = connection  # connected to the address that was checked, and to no other
    with contextlib.closing(client):
        client.putrequest("POST", target.path, skip_host=True, skip_accept_encoding=True)
        client.putheader("Host", target.host_header)
        client.putheader("Content-Length", str(len(body)))
        for name, value in headers.items():
            client.putheader(name, value)
        client.endheaders(body)
        answer = client.getresponse()
        return answer.status, answer.getheader("Retry-After")


def _in_words(error: OSError) -> str:
    """What the merchant reads of a connection that failed."""
    if isinstance(error, ConnectionRefusedError):
        return "connection refused: nothing listens at this address and port"
    if isinstance(error, ConnectionError):  # reset, or closed without an answer
        return "the connection was closed without an answer"
    return (error.strerror or "the network failed").lower()


def _problem_of(status: int, wish: str | None) -> DeliveryError | None:
    if 200 <= status < 300:
        return None
    if status == 429:
        return RateLimitedError(_seconds(wish))
    said = f"{status} {http.client.responses.get(status, '')}".strip()
    return UnreachableError(said) if status >= 500 else DeliveryError(said)


def _seconds(wish: str | None) -> float | None:
    """Retry-After as seconds (RFC 9110, 10.2.3); None where it can't be read."""
    if wish is None:
        return None
    if wish.strip().isdecimal():
        return float(wish)
    try:
        then = email.utils.parsedate_to_datetime(wish)
        return max(0.0, (then - utcnow()).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None
