"""Every room's tables, for Alembic and nobody else."""

from payments_app.core import alerts, history, outbox
from payments_app.customers import models as customers
from payments_app.ledger import models as ledger
from payments_app.orders import models as orders
from payments_app.payments import models as payments

__all__ = ["alerts", "customers", "history", "ledger", "orders", "outbox", "payments"]
