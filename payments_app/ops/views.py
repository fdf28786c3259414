"""All views of ops, registered by being imported."""

from payments_app.ops import (
    alert_pages,
    bulk_pages,
    health,
    incident_pages,
    metrics_page,
    policy_reports,
    queue_pages,
    security_txt,
    stripe_page,
)
from payments_app.ops.blueprint import blueprint

__all__ = [
    "alert_pages",
    "blueprint",
    "bulk_pages",
    "health",
    "incident_pages",
    "metrics_page",
    "policy_reports",
    "queue_pages",
    "security_txt",
    "stripe_page",
]
