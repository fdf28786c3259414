"""key_rotation: while STRIPE_SECRET_KEY is changed, a key that Stripe refuses gives way to the
next.

Stripe did nothing of a call that it answers with 401, so that the same call under another key of
the same account, with the same idempotency key, is safe.
Source: https://docs.stripe.com/keys#rolling-keys, https://docs.stripe.com/api/errors
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

import stripe
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from payments_app.core import alerts
from payments_app.core.db.session import atomic

log = logging.getLogger(__name__)

REFUSED = 401
REST_SECONDS = 60.0  # so long the first key is not tried again after it was refused


class RotatingClient(stripe.RequestsClient):
    """Sends each call with the first of `keys` that Stripe does not refuse, and raises an alert
    that says which of several is in use. Threads share it."""

    def __init__(self, keys: Sequence[str], timeout: tuple[float, float]) -> None:
        super().__init__(timeout=timeout)
        self._keys, self._first, self._until = tuple(keys), 0, 0.0

    def request(  # type: ignore[override] # as RequestsClient, which says less than its base
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """As the SDK's own, once for each key until one is not refused. A call with a key that is
        none of ours, such as the publishable one, is sent as it is."""
        if (headers or {}).get("Authorization") != f"Bearer {self._keys[0]}":
            return super().request(method, url, headers, post_data)
        start = self._first if time.monotonic() < self._until else 0
        order = [*range(start, len(self._keys)), *range(start)]
        for number in order:
            sent = {**(headers or {}), "Authorization": f"Bearer {self._keys[number]}"}
            answer = super().request(method, url, sent, post_data)
            if answer[1] != REFUSED:
                self._use(number)
                break
        return answer

    def _use(self, number: int) -> None:
        if number == 0:
            self._first = 0
        elif number != self._first or time.monotonic() >= self._until:
            self._first, self._until = number, time.monotonic() + REST_SECONDS
            try:
                _tell(number)
            except SQLAlchemyError:
                log.exception("no alert of the key that is in use")


@atomic
def _tell(session: Session, number: int) -> None:
    alerts.raise_alert(
        session,
        "stripe_key_refused",
        "stripe:key_refused",
        f"Stripe refuses STRIPE_SECRET_KEY; number {number} of STRIPE_SECRET_KEY_FALLBACKS is in "
        "use instead. Set a key that Stripe takes before that one ends too",
        severity="critical",
        in_use=f"STRIPE_SECRET_KEY_FALLBACKS[{number}]",
    )
