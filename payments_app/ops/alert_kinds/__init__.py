"""ops.alert_kinds: what each alert means, what to do, where its object is shown, when it closes.

Every kind that the code can raise is in the file of its theme. `docs/operations.md`, the runbook,
has a row of each; a test holds code, table and runbook together.

Owns:       the table of alert kinds, and what is looked up in it.
Imports:    core.
Publishes:  nothing.
Subscribes: nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import current_app

from payments_app.ops.alert_kinds import (
    at_stripe,
    books,
    disputes,
    machines,
    merchants,
    payments,
    refunds,
    security,
)
from payments_app.ops.alert_kinds.kind import PAGES, PAYMENT

__all__ = ["KINDS", "PAGES", "PAYMENT", "object_of", "object_path"]

_THEMES = (payments, refunds, disputes, merchants, at_stripe, machines, books, security)
KINDS = {name: kind for theme in _THEMES for name, kind in theme.KINDS.items()}


def object_of(kind: str, key: str, data: Mapping[str, Any]) -> tuple[str, str] | None:
    """Words and path of the page of what an alert is about; None for a kind that an older release
    or another application raised."""
    if transaction_id := data.get("transaction_id"):
        return "The payment", object_path("staff.payment", transaction_id=transaction_id)
    page = PAGES.get(KINDS[kind].about) if kind in KINDS else None
    if page is None:
        return None
    words, endpoint = page
    named = {"message_id": key.partition(":")[2]} if kind == "dead_letter" else {}
    return words, object_path(endpoint, **named)


def object_path(endpoint: str, **values: Any) -> str:
    """Of a page of ours, also outside of a request."""
    path: str = current_app.url_map.bind("").build(endpoint, values)
    return path
