"""Every room's tables, for Alembic and nobody else."""

from payments_app.accounts import models as accounts
from payments_app.checkout import marks as checkout
from payments_app.core import alerts, history, outbox, registry, tally
from payments_app.customers import models as customers
from payments_app.downloads import models as downloads
from payments_app.gateway import breaker
from payments_app.inbound import models as inbound
from payments_app.ledger import models as ledger
from payments_app.merchants import models as merchants
from payments_app.notices import models as notices
from payments_app.notices import webhook_models
from payments_app.orders import models as orders
from payments_app.payments import connect_records, disputes, refunds, unmatched
from payments_app.payments import models as payments
from payments_app.reconcile import models as reconcile
from payments_app.settlement import models as settlement
from payments_app.staff import indexes, rollups, saved_filters
from payments_app.subscriptions import models as subscriptions

__all__ = [
    "accounts",
    "alerts",
    "breaker",
    "checkout",
    "connect_records",
    "customers",
    "disputes",
    "downloads",
    "history",
    "inbound",
    "indexes",
    "ledger",
    "merchants",
    "notices",
    "orders",
    "outbox",
    "payments",
    "reconcile",
    "refunds",
    "registry",
    "rollups",
    "saved_filters",
    "settlement",
    "subscriptions",
    "tally",
    "unmatched",
    "webhook_models",
]
