"""Indexes for staff's filters and search: none of them may read the whole table.

Each ends in (created_at, id), so that a filtered page comes sorted out of its index, the deepest
page as cheap as the first. Expressions are written the same here and in the queries (`->>` means
the same on PostgreSQL and on SQLite from 3.38), else the planner would not know them.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Index, literal_column, text

from payments_app.core.db.columns import Key
from payments_app.core.history import HistoryEntry
from payments_app.payments.disputes.models import NEEDS_ANSWER, Dispute
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.models import Refund

_REASON = "coalesce(error ->> 'decline_code', error_code)"
_REFERENCE = "substr(id, 23)"
# As `charge_id` in payments/payment_of.py is written.
_CHARGE = "((stripe_data -> 'latest_charge') ->> 'id')"
_EMAIL = "lower(email)"
_REQUEST = "(data ->> 'request_id')"
# The words of a customer's address and name, as PostgreSQL's index of them is written: a migration
# makes it there, and a model can't, since SQLite has no such index.
CUSTOMER_WORDS_INDEX = "pay_customers_words_idx"
CUSTOMER_WORDS = (
    "to_tsvector('simple'::regconfig, translate(pay_customers.email::text || ' ' || "
    "coalesce(pay_customers.name, '')::text, '@.+-_', '     '))"
)

_WAITING = f"state IN ({', '.join(repr(state) for state in sorted(NEEDS_ANSWER))})"
_SUCCEEDED = "state = 'succeeded'"
_IN_PART = "amount_received < amount"
_NEEDED = "need IS NOT NULL"
_STAFF_KINDS = "kind IN ('staff', 'note')"

_T = Transaction.__tablename__
reason_code: ColumnElement[str] = literal_column(
    f"coalesce({_T}.error ->> 'decline_code', {_T}.error_code)"
)
# The last eight of an id's thirty characters: what a customer reads out.
reference_tail: ColumnElement[str] = literal_column(f"substr({_T}.id, 23)")
request_id: ColumnElement[str] = literal_column(
    f"({HistoryEntry.__tablename__}.data ->> 'request_id')", Key()
)
lower_email: ColumnElement[str] = literal_column(f"lower({_T}.email)")
captured_in_part: ColumnElement[bool] = literal_column(f"{_T}.amount_received < {_T}.amount")

_page = (Transaction.created_at, Transaction.id)
INDEXES = (
    Index("pay_transactions_state_page_idx", Transaction.state, *_page),
    Index("pay_transactions_phase_page_idx", Transaction.phase, *_page),
    Index("pay_transactions_currency_page_idx", Transaction.currency, *_page),
    Index("pay_transactions_amount_page_idx", Transaction.amount, *_page),
    Index(
        "pay_transactions_received_page_idx",
        Transaction.amount_received,
        *_page,
        postgresql_where=text(_IN_PART),
        sqlite_where=text(_IN_PART),
    ),
    Index(
        "pay_transactions_need_page_idx",
        *_page,
        postgresql_where=text(_NEEDED),
        sqlite_where=text(_NEEDED),
    ),
    Index("pay_transactions_last4_page_idx", Transaction.card_last4, *_page),
    Index("pay_transactions_stripe_customer_id_idx", Transaction.stripe_customer_id),
    Index("pay_transactions_email_page_idx", text(_EMAIL), *_page),
    Index("pay_transactions_reason_page_idx", text(_REASON), *_page),
    Index("pay_transactions_reference_idx", text(_REFERENCE), *_page),
    Index("pay_transactions_charge_idx", text(_CHARGE), *_page),
    Index(
        "pay_history_request_idx",
        text(_REQUEST),
        HistoryEntry.id,
        postgresql_where=text(f"{_REQUEST} IS NOT NULL"),
        sqlite_where=text(f"{_REQUEST} IS NOT NULL"),
    ),
    Index(
        "pay_transactions_fingerprint_idx",
        Transaction.card_fingerprint,
        Transaction.created_at,
        postgresql_where=text("card_fingerprint IS NOT NULL"),
        sqlite_where=text("card_fingerprint IS NOT NULL"),
    ),
    Index("pay_disputes_opened_at_id_idx", Dispute.opened_at, Dispute.id),
    Index(
        "pay_disputes_waiting_idx",
        Dispute.due_by,
        Dispute.id,
        postgresql_where=text(_WAITING),
        sqlite_where=text(_WAITING),
    ),
    Index("pay_disputes_page_idx", Dispute.payment_created_at, Dispute.transaction_id),
    Index(
        "pay_refunds_page_idx",
        Refund.payment_created_at,
        Refund.transaction_id,
        postgresql_where=text(_SUCCEEDED),
        sqlite_where=text(_SUCCEEDED),
    ),
    Index(
        "pay_refunds_succeeded_idx",
        Refund.transaction_id,
        postgresql_where=text(_SUCCEEDED),
        sqlite_where=text(_SUCCEEDED),
    ),
    Index("pay_refunds_created_at_idx", Refund.created_at),
    Index(
        "pay_history_staff_idx",
        HistoryEntry.id,
        postgresql_where=text(_STAFF_KINDS),
        sqlite_where=text(_STAFF_KINDS),
    ),
)
