"""What reached the bank, and what each day brought: payouts with their balance transactions, and
the figures of the reports.

Revision: 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import clock, columns

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pay_payouts",
        sa.Column("id", columns.Key(255), nullable=False),
        sa.Column("amount", columns.BIGINT, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("trace", sa.String(length=80), nullable=True),
        sa.Column("arrives_at", columns.UTCDateTime(), nullable=False),
        sa.Column("made_at", columns.UTCDateTime(), nullable=False),
        sa.Column("listed_at", columns.UTCDateTime(), nullable=True),
        sa.Column("stripe_data", columns.JSON_TYPE, nullable=False),
        sa.Column(
            "read_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_payouts_pkey")),
    )
    op.create_index("pay_payouts_made_at_idx", "pay_payouts", ["made_at", "id"])
    op.create_table(
        "pay_payout_lines",
        sa.Column("id", columns.Key(255), nullable=False),
        sa.Column("payout_id", columns.Key(255), nullable=False),
        sa.Column("type", sa.String(length=60), nullable=False),
        sa.Column("source", columns.Key(255), nullable=False),
        sa.Column("amount", columns.BIGINT, nullable=False),
        sa.Column("fee", columns.BIGINT, nullable=False),
        sa.Column("net", columns.BIGINT, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("made_at", columns.UTCDateTime(), nullable=False),
        sa.Column("about", sa.String(length=40), nullable=True),
        sa.Column("transaction_id", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_payout_lines_pkey")),
        sa.ForeignKeyConstraint(
            ["payout_id"], ["pay_payouts.id"], name=op.f("pay_payout_lines_payout_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["pay_transactions.id"],
            name=op.f("pay_payout_lines_transaction_id_fkey"),
        ),
    )
    op.create_index(
        "pay_payout_lines_payout_idx", "pay_payout_lines", ["payout_id", "made_at", "id"]
    )
    op.create_index(
        op.f("pay_payout_lines_transaction_id_idx"), "pay_payout_lines", ["transaction_id"]
    )
    op.create_table(
        "pay_daily_figures",
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("name", sa.String(length=24), nullable=False),
        sa.Column("amount", columns.BIGINT, nullable=False),
        sa.Column(
            "made_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.PrimaryKeyConstraint(
            "zone", "day", "currency", "name", name=op.f("pay_daily_figures_pkey")
        ),
    )


def downgrade() -> None:
    op.drop_table("pay_daily_figures")
    op.drop_table("pay_payout_lines")
    op.drop_table("pay_payouts")
