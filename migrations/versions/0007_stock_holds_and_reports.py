"""Who holds a product's stock, and what browsers report of a page's policy.

Revision: 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import clock, columns

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pay_stock_holds",
        sa.Column("line_id", columns.BIGINT, autoincrement=False, nullable=False),
        sa.Column("product_id", columns.BIGINT, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("browser", sa.String(length=40), nullable=True),
        sa.Column("customer", sa.String(length=40), nullable=True),
        sa.Column("network", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("line_id", name=op.f("pay_stock_holds_pkey")),
        sa.ForeignKeyConstraint(
            ["line_id"], ["pay_order_lines.id"], name=op.f("pay_stock_holds_line_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["pay_products.id"], name=op.f("pay_stock_holds_product_id_fkey")
        ),
    )
    op.create_index(op.f("pay_stock_holds_product_id_idx"), "pay_stock_holds", ["product_id"])
    op.create_table(
        "pay_policy_reports",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("directive", sa.String(length=40), nullable=False),
        sa.Column("page", sa.String(length=80), nullable=False),
        sa.Column("blocked", sa.String(length=200), nullable=False),
        sa.Column("count", columns.BIGINT, nullable=False),
        sa.Column(
            "first_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.Column(
            "last_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pay_policy_reports_pkey")),
    )
    op.create_index(op.f("pay_policy_reports_last_at_idx"), "pay_policy_reports", ["last_at"])


def downgrade() -> None:
    op.drop_table("pay_policy_reports")
    op.drop_table("pay_stock_holds")
