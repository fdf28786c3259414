"""Saved cards

Revision: 0700, after 0403
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import clock, columns

revision = "0700"
down_revision = "0403"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in a batch: on SQLite that would make the table anew, and lose its triggers.
    op.add_column(
        "transactions",
        sa.Column("save_card", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.create_table(
        "saved_cards",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("customer_id", sa.String(40), nullable=False),
        sa.Column("payment_method", sa.String(255), nullable=False),
        sa.Column("stripe_customer_id", sa.String(255), nullable=False),
        sa.Column("brand", sa.String(24), nullable=False),
        sa.Column("last4", sa.String(4), nullable=False),
        sa.Column("exp_month", sa.Integer(), nullable=True),
        sa.Column("exp_year", sa.Integer(), nullable=True),
        sa.Column(
            "created_at",
            columns.UTCDateTime(),
            server_default=clock.database_now(),
            nullable=False,
        ),
        sa.Column("removed_at", columns.UTCDateTime(), nullable=True),
        sa.Column("detached_at", columns.UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "detached_at IS NULL OR removed_at IS NOT NULL",
            name=op.f("ck_saved_cards_removed_first"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_saved_cards_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_cards")),
        sa.UniqueConstraint("payment_method", name=op.f("uq_saved_cards_payment_method")),
    )
    op.create_index(op.f("ix_saved_cards_customer_id"), "saved_cards", ["customer_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_saved_cards_customer_id"), "saved_cards")
    op.drop_table("saved_cards")
    op.drop_column("transactions", "save_card")
