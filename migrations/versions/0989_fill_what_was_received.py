"""What was received of the payments there are, from what Stripe answered

Revision: 0989, after 0979
"""

import sqlalchemy as sa
from alembic import op

revision = "0989"
down_revision = "0979"
branch_labels = None
depends_on = None

BATCH = 5000
INDEX = "ix_transactions_received_page"
COLUMNS = ["amount_received", "created_at", "id"]
IN_PART = sa.text("amount_received < amount")
# A whole number, or nothing: what says no more is left as it was, and counts as all of the amount.
RECEIVED_POSTGRESQL = (
    "CASE WHEN jsonb_typeof(transactions.stripe_data -> 'amount_received') = 'number'"
    " AND transactions.stripe_data ->> 'amount_received' ~ '^[0-9]{1,18}$'"
    " THEN (transactions.stripe_data ->> 'amount_received')::bigint END"
)
RECEIVED_SQLITE = (
    "CASE WHEN json_type(transactions.stripe_data, '$.amount_received') = 'integer'"
    " THEN json_extract(transactions.stripe_data, '$.amount_received') END"
)


def _fill(received: str) -> str:
    return (
        f"UPDATE transactions SET amount_received = {received}"  # noqa: S608 - our own words
        f" WHERE state = 'complete' AND amount_received IS NULL AND {received} BETWEEN 1 AND amount"
        # Where the rest was booked as a refund, all of the amount and that refund are the books.
        " AND NOT EXISTS (SELECT 1 FROM refunds r WHERE r.transaction_id = transactions.id"
        f" AND r.requested_by = 'stripe' AND r.amount = transactions.amount - {received})"
    )


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(_fill(RECEIVED_SQLITE))
        op.create_index(INDEX, "transactions", COLUMNS, sqlite_where=IN_PART)
        return
    # Each statement commits by itself: no lock outlives a batch, and what broke off goes on.
    with op.get_context().autocommit_block():
        connection, last = op.get_bind(), ""
        while ids := connection.scalars(
            sa.text("SELECT id FROM transactions WHERE id > :last ORDER BY id LIMIT :batch"),
            {"last": last, "batch": BATCH},
        ).all():
            connection.execute(
                sa.text(f"{_fill(RECEIVED_POSTGRESQL)} AND id BETWEEN :first AND :last"),
                {"first": ids[0], "last": ids[-1]},
            )
            last = ids[-1]
        op.execute("ALTER TABLE transactions VALIDATE CONSTRAINT ck_transactions_amount_received")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")
        op.create_index(
            INDEX,
            "transactions",
            COLUMNS,
            postgresql_where=IN_PART,
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    op.drop_index(INDEX, table_name="transactions")
