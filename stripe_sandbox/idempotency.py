"""Idempotency keys as API v1 keeps them, https://docs.stripe.com/api/idempotent_requests."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from stripe_sandbox import multipart
from stripe_sandbox.errors import ApiError
from stripe_sandbox.messages import Request, Response
from stripe_sandbox.store import Store


class IdempotencyKeys:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._in_flight: set[tuple[str, str]] = set()

    @contextmanager
    def claim(self, account: str, key: str) -> Iterator[None]:
        """Raises ApiError 409 while another request with the key is being answered."""
        with self._lock:
            if (account, key) in self._in_flight:
                raise in_flight(key)
            self._in_flight.add((account, key))
        try:
            yield
        finally:
            with self._lock:
                self._in_flight.discard((account, key))

    def replay(self, account: str, key: str, request: Request) -> Response | None:
        """The saved answer. Raises ApiError 400 for a key used with other parameters."""
        rows = self._store.query(
            "SELECT * FROM answers WHERE account = ? AND key = ?", account, key
        )
        if not rows:
            return None
        saved = rows[0]
        if saved["endpoint"] != _endpoint(request):
            raise _misused(
                "Keys for idempotent requests can only be used for the same endpoint they were"
                f" first used for ('{saved['endpoint']}' vs '{_endpoint(request)}').",
                key,
            )
        if saved["fingerprint"] != _fingerprint(request):
            raise _misused(
                "Keys for idempotent requests can only be used with the same parameters they"
                " were first used with.",
                key,
            )
        headers = {
            "Content-Type": "application/json",
            "Idempotent-Replayed": "true",
            "Original-Request": saved["request_id"],
        }
        return Response(saved["status"], saved["body"], headers)

    def save(
        self, account: str, key: str, request: Request, request_id: str, response: Response
    ) -> None:
        self._store.query(
            "INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?, ?)",
            account,
            key,
            _endpoint(request),
            _fingerprint(request),
            request_id,
            response.status,
            response.body,
        )


def in_flight(key: str) -> ApiError:
    return ApiError(
        409,
        "There is currently another in-progress request using this Idempotent Key (that probably"
        " means you submitted twice, and the other request is still going through):"
        f" {key}. Please try again after the other request finishes.",
        code="idempotency_key_in_use",
    )


def _misused(reason: str, key: str) -> ApiError:
    return ApiError(
        400,
        f"{reason} Try using a key other than '{key}' if you meant to execute a different request.",
        type="idempotency_error",
    )


def _endpoint(request: Request) -> str:
    return f"{request.method} {request.path}"


def _fingerprint(request: Request) -> str:
    """Of the parameters in any order, and of an upload whatever parts it."""
    body = request.body
    if between := multipart.boundary(request):
        body = body.replace(between, b"")
    return hashlib.sha256(b"&".join(sorted(body.split(b"&")))).hexdigest()
