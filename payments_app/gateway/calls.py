"""Calls that answer a payment intent or a setup intent, sorted by what to do next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from payments_app.core.db.columns import as_object
from payments_app.gateway.exchange import object_call
from payments_app.gateway.results import Answer, Verdict
from payments_app.gateway.words import describe_unknown, known

_BY_STATUS = {
    "succeeded": Verdict.SUCCEEDED,
    "processing": Verdict.PROCESSING,
    "requires_action": Verdict.REQUIRES_ACTION,
    "requires_confirmation": Verdict.OPEN,
    "requires_payment_method": Verdict.OPEN,
    "requires_capture": Verdict.PROCESSING,
    "canceled": Verdict.CANCELED,
}
STATUSES = frozenset(_BY_STATUS)
MAX_SECRET = 255
NEW_STATUS = "unknown_status"  # of ours: the intent was read, and has a status that we do not know


def intent_call(name: str, call: Callable[[], Any], *, setup: bool = False) -> Answer:
    """Make a call that answers an intent (a setup intent where that is said), and sort its
    outcome. Never raises.

    It may be refused before anything is sent, as every call may (`object_call`).
    """
    answer = object_call(name, "setup_intent" if setup else "payment_intent", call)
    if answer.verdict != Verdict.ANSWERED:
        return answer
    intent = dict(answer.expect_body())
    secret = _secret(intent.pop("client_secret", None))
    verdict, error = _sorted(intent)
    return replace(answer, verdict=verdict, body=intent, error=error, client_secret=secret)


def _secret(value: Any) -> str | None:
    """An intent's secret as its column can keep it."""
    return value if isinstance(value, str) and len(value) <= MAX_SECRET else None


def _sorted(intent: dict[str, Any]) -> tuple[Verdict, dict[str, Any] | None]:
    last_error = intent.get("last_payment_error") or intent.get("last_setup_error")
    status = known(intent.get("status"), STATUSES)
    if status is None:
        said = describe_unknown(intent.get("status"))
        words = f"{said}. That is no status of an intent that we know"
        return Verdict.UNKNOWN, {"type": "unexpected_error", "code": NEW_STATUS, "message": words}
    if status == "requires_payment_method" and last_error:
        return Verdict.DECLINED, _without_secrets(as_object(last_error))
    return _BY_STATUS[status], None


def _without_secrets(error: dict[str, Any]) -> dict[str, Any]:
    unkept = ("payment_intent", "setup_intent", "payment_method", "source")
    return {name: value for name, value in error.items() if name not in unkept}
