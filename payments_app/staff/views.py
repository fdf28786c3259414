"""The dashboard's routes, by page."""

from payments_app.staff import audit_pages, customer_pages, export_pages, payment_pages
from payments_app.staff.blueprint import blueprint

__all__ = ["audit_pages", "blueprint", "customer_pages", "export_pages", "payment_pages"]
