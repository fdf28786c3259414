"""The dashboard's routes, by page."""

from payments_app.staff import navigation, place
from payments_app.staff.blueprint import blueprint
from payments_app.staff.customers import consent_pages
from payments_app.staff.customers import pages as customer_pages
from payments_app.staff.disputes import answer_pages as dispute_answer_pages
from payments_app.staff.disputes import file_pages as dispute_file_pages
from payments_app.staff.disputes import pages as dispute_pages
from payments_app.staff.members import audit_pages, key_pages
from payments_app.staff.members import pages as member_pages
from payments_app.staff.merchants import pages as merchant_pages
from payments_app.staff.payment_requests import pages as payment_request_pages
from payments_app.staff.payments import (
    export_pages,
    list_pages,
    receipts_pages,
    refund_pages,
    resend_pages,
    retry_pages,
    saved_filter_pages,
    work_pages,
)
from payments_app.staff.payments import pages as payment_pages
from payments_app.staff.reconciliation import pages as finding_pages
from payments_app.staff.reconciliation import payout_pages
from payments_app.staff.reports import pages as report_pages
from payments_app.staff.reports.pages import api
from payments_app.staff.subscriptions import pages as subscription_pages

__all__ = [
    "api",
    "audit_pages",
    "blueprint",
    "consent_pages",
    "customer_pages",
    "dispute_answer_pages",
    "dispute_file_pages",
    "dispute_pages",
    "export_pages",
    "finding_pages",
    "key_pages",
    "list_pages",
    "member_pages",
    "merchant_pages",
    "navigation",
    "payment_pages",
    "payment_request_pages",
    "payout_pages",
    "place",
    "receipts_pages",
    "refund_pages",
    "report_pages",
    "resend_pages",
    "retry_pages",
    "saved_filter_pages",
    "subscription_pages",
    "work_pages",
]
