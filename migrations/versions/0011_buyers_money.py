"""What a subscription that ended owes, a card that it is to be charged on, what a bill took over of
its balance, by which number Stripe knows a card again, and how many of a product one may have.

Revision: 0011, after 0010.
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import clock, columns

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_payable(
        "pay_final_bills",
        sa.Column("amount", columns.BIGINT, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("description", sa.String(length=300), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("pay_final_bills_amount_positive_check")),
    )
    _create_payable("pay_card_changes")
    op.add_column(
        "pay_subscription_periods", sa.Column("carried", columns.BIGINT, nullable=True)
    )
    op.add_column("pay_saved_cards", sa.Column("fingerprint", sa.String(length=80), nullable=True))
    op.add_column("pay_products", sa.Column("per_customer", sa.Integer(), nullable=True))


def _create_payable(table: str, *more: sa.Column[object] | sa.CheckConstraint) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("subscription_id", sa.String(length=40), nullable=False),
        *more,
        sa.Column(
            "created_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"{table}_pkey")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["pay_subscriptions.id"], name=op.f(f"{table}_subscription_id_fkey")
        ),
    )
    op.create_index(op.f(f"{table}_subscription_id_idx"), table, ["subscription_id"])


def downgrade() -> None:
    op.drop_column("pay_products", "per_customer")
    op.drop_column("pay_saved_cards", "fingerprint")
    op.drop_column("pay_subscription_periods", "carried")
    op.drop_table("pay_card_changes")
    op.drop_table("pay_final_bills")
