"""The API's routes."""

from __future__ import annotations

from payments_app.api import customers, docs_pages, events, payments, refunds
from payments_app.api.blueprint import blueprint

__all__ = ["blueprint", "customers", "docs_pages", "events", "payments", "refunds"]
