"""The API's routes."""

from __future__ import annotations

from payments_app.api import docs_pages, events, payments, refunds
from payments_app.api.blueprint import blueprint

__all__ = ["blueprint", "docs_pages", "events", "payments", "refunds"]
