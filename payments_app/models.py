"""Every package's tables, for Alembic and nobody else."""

from payments_app.accounts import api_keys
from payments_app.accounts import models as accounts
from payments_app.attention import models as attention
from payments_app.checkout import velocity_fingerprints as checkout
from payments_app.core import alerts, history, registry, restores
from payments_app.core.jobs import counters, heartbeats, job_times, outbox, pauses
from payments_app.core.web import limits, link_requests, one_time_links, visitor_sessions
from payments_app.customers import models as customers
from payments_app.downloads import models as downloads
from payments_app.gateway import breaker, own_account
from payments_app.inbound import models as inbound
from payments_app.keeping import models as keeping
from payments_app.ledger import days as ledger_days
from payments_app.ledger import models as ledger
from payments_app.merchants import models as merchants
from payments_app.notices import models as notices
from payments_app.notices import webhook_models
from payments_app.ops import policy_reports
from payments_app.orders import models as orders
from payments_app.orders import stock_holds
from payments_app.payment_requests import customer_models as application_customers
from payments_app.payment_requests import models as payment_requests
from payments_app.payments import models as payments
from payments_app.payments import unmatched
from payments_app.payments.connect import records as connect_records
from payments_app.payments.disputes import answer_models as dispute_answers
from payments_app.payments.disputes import models as disputes
from payments_app.payments.refunds import models as refunds
from payments_app.reconcile import models as reconcile
from payments_app.settlement import models as settlement
from payments_app.staff import indexes
from payments_app.staff.payments import saved_filters
from payments_app.staff.reports import figures, rollup_models
from payments_app.subscriptions import card_change as card_changes
from payments_app.subscriptions import final_bill as final_bills
from payments_app.subscriptions import models as subscriptions
from payments_app.subscriptions import periods as subscription_periods

__all__ = [
    "accounts",
    "alerts",
    "api_keys",
    "application_customers",
    "attention",
    "breaker",
    "card_changes",
    "checkout",
    "connect_records",
    "counters",
    "customers",
    "dispute_answers",
    "disputes",
    "downloads",
    "figures",
    "final_bills",
    "heartbeats",
    "history",
    "inbound",
    "indexes",
    "job_times",
    "keeping",
    "ledger",
    "ledger_days",
    "limits",
    "link_requests",
    "merchants",
    "notices",
    "one_time_links",
    "orders",
    "outbox",
    "own_account",
    "pauses",
    "payment_requests",
    "payments",
    "policy_reports",
    "reconcile",
    "refunds",
    "registry",
    "restores",
    "rollup_models",
    "saved_filters",
    "settlement",
    "stock_holds",
    "subscription_periods",
    "subscriptions",
    "unmatched",
    "visitor_sessions",
    "webhook_models",
]
