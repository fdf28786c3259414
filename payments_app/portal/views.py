"""The portal: its pages register themselves on one blueprint."""

from payments_app.portal import (
    endpoint_events,
    endpoint_pages,
    pages,
    payment_pages,
    sign_in_pages,
    statement_pages,
)
from payments_app.portal.blueprint import blueprint

__all__ = [
    "blueprint",
    "endpoint_events",
    "endpoint_pages",
    "pages",
    "payment_pages",
    "sign_in_pages",
    "statement_pages",
]
