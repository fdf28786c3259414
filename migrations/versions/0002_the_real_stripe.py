"""What is remembered of Stripe: what is gone there, whose account it is, refused requests, a restore.

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import clock, columns

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pay_gone_at_stripe",
        sa.Column("stripe_id", sa.String(length=255), nullable=False),
        sa.Column("stripe_customer_id", sa.String(length=255), nullable=False),
        sa.Column(
            "found_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.PrimaryKeyConstraint("stripe_id", name=op.f("pay_gone_at_stripe_pkey")),
    )
    op.create_index(op.f("pay_gone_at_stripe_found_at_idx"), "pay_gone_at_stripe", ["found_at"])
    op.create_table(
        "pay_restore",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("backup_taken", columns.UTCDateTime(), nullable=False),
        sa.Column("found", sa.String(length=200), nullable=False),
        sa.Column(
            "begun_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.Column("opened_at", columns.UTCDateTime(), nullable=True),
        sa.Column("opened_by", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_restore_pkey")),
    )
    op.create_table(
        "pay_stripe_account",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("account", sa.String(length=255), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_stripe_account_pkey")),
    )
    op.add_column(
        "pay_customers", sa.Column("stripe_customer_gone_at", columns.UTCDateTime(), nullable=True)
    )
    for column in (
        sa.Column("stripe_data", columns.JSON_TYPE, nullable=True),
        sa.Column("key_number", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("read_asked_at", columns.UTCDateTime(), nullable=True),
    ):
        op.add_column("pay_connected_accounts", column)
    for column in (
        sa.Column("key_number", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("misconfigured_at", columns.UTCDateTime(), nullable=True),
        sa.Column("searched_to", sa.String(length=255), nullable=True),
    ):
        op.add_column("pay_transactions", column)


def downgrade() -> None:
    for table, names in (
        ("pay_transactions", ("searched_to", "misconfigured_at", "key_number")),
        ("pay_connected_accounts", ("read_asked_at", "key_number", "stripe_data")),
        ("pay_customers", ("stripe_customer_gone_at",)),
    ):
        for name in names:
            op.drop_column(table, name)
    for table in ("pay_stripe_account", "pay_restore", "pay_gone_at_stripe"):
        op.drop_table(table)
