"""The dashboard's routes, by page."""

from payments_app.staff import (
    action_pages,
    audit_pages,
    customer_pages,
    dispute_pages,
    export_pages,
    finding_pages,
    member_pages,
    merchant_pages,
    payment_pages,
    report_pages,
    resend_pages,
    saved_filter_pages,
    subscription_pages,
)
from payments_app.staff.blueprint import blueprint
from payments_app.staff.report_pages import api

__all__ = [
    "action_pages",
    "api",
    "audit_pages",
    "blueprint",
    "customer_pages",
    "dispute_pages",
    "export_pages",
    "finding_pages",
    "member_pages",
    "merchant_pages",
    "payment_pages",
    "report_pages",
    "resend_pages",
    "saved_filter_pages",
    "subscription_pages",
]
