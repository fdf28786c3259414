"""Sums of the ledger by day.

Revision: 0022, after 0021. A job fills them; the release before reads none.
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import columns

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pay_ledger_days",
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("account", sa.String(length=24), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("debits", columns.BIGINT, nullable=False),
        sa.Column("credits", columns.BIGINT, nullable=False),
        sa.PrimaryKeyConstraint(
            "zone", "day", "account", "currency", name=op.f("pay_ledger_days_pkey")
        ),
    )


def downgrade() -> None:
    op.drop_table("pay_ledger_days")
