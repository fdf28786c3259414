"""Daily counts of payments

Revision: 0102, after 0401
"""

import sqlalchemy as sa
from alembic import op

from migrations import count_payments
from payments_app.core.db import columns

revision = "0102"
down_revision = "0401"
branch_labels = None
depends_on = None


def _counted() -> list[sa.Column]:
    return [
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=100), nullable=False),
        sa.Column("count", columns.BIGINT, nullable=False),
        sa.Column("amount", columns.BIGINT, nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "payment_deltas",
        sa.Column("id", columns.BIGINT, nullable=False),
        sa.Column("at", columns.UTCDateTime(), nullable=False),
        *_counted(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_deltas")),
    )
    op.create_table(
        "daily_payments",
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        *_counted(),
        sa.PrimaryKeyConstraint(
            "zone", "day", "currency", "state", "reason", name=op.f("pk_daily_payments")
        ),
    )
    op.create_index("ix_daily_payments_day", "daily_payments", ["day"])
    count_payments.install()


def downgrade() -> None:
    count_payments.remove()
    op.drop_index("ix_daily_payments_day", "daily_payments")
    op.drop_table("daily_payments")
    op.drop_table("payment_deltas")
