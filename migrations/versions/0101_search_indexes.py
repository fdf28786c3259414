"""Indexes for staff's filters and search

Revision: 0101, after 0500
"""

import sqlalchemy as sa
from alembic import op

revision = "0101"
down_revision = "0500"
branch_labels = None
depends_on = None

_PAGE = ["created_at", "id"]
_COLUMNS = {
    "ix_transactions_state_page": ["state", *_PAGE],
    "ix_transactions_phase_page": ["phase", *_PAGE],
    "ix_transactions_currency_page": ["currency", *_PAGE],
    "ix_transactions_amount_page": ["amount", *_PAGE],
    "ix_transactions_last4_page": ["card_last4", *_PAGE],
    "ix_transactions_stripe_customer_id": ["stripe_customer_id"],
}
_EXPRESSIONS = {
    "ix_transactions_email_page": [sa.text("lower(email)"), *_PAGE],
    "ix_transactions_reason_page": [
        sa.text("coalesce(error ->> 'decline_code', error_code)"),
        *_PAGE,
    ],
    "ix_transactions_reference": [sa.text("substr(id, 23)"), *_PAGE],
    "ix_transactions_charge": [
        sa.text("((stripe_data -> 'latest_charge') ->> 'id')"),
        *_PAGE,
    ],
}


def upgrade() -> None:
    for name, columns in (_COLUMNS | _EXPRESSIONS).items():
        op.create_index(name, "transactions", columns)
    where = sa.text("kind IN ('staff', 'note')")
    op.create_index(
        "ix_history_staff", "history", ["id"], postgresql_where=where, sqlite_where=where
    )


def downgrade() -> None:
    op.drop_index("ix_history_staff", "history")
    for name in reversed(_COLUMNS | _EXPRESSIONS):
        op.drop_index(name, "transactions")
