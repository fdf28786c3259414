"""Goods held for orders

Revision: 0600, after 0102
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import columns

revision = "0600"
down_revision = "0102"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("products") as table:
        table.add_column(sa.Column("stock", sa.Integer(), nullable=True))
        table.create_check_constraint("never_oversold", "stock >= 0")
    with op.batch_alter_table("orders") as table:
        table.alter_column("customer_id", existing_type=sa.String(40), nullable=True)
        table.add_column(sa.Column("hold", sa.String(16), server_default="none", nullable=False))
        table.add_column(sa.Column("fulfilled_at", columns.UTCDateTime(), nullable=True))
        table.create_check_constraint("hold", "hold IN ('none', 'held', 'released', 'taken')")
        table.create_check_constraint(
            "fulfilled_is_paid", "fulfilled_at IS NULL OR status = 'paid'"
        )


def downgrade() -> None:
    with op.batch_alter_table("orders") as table:
        table.drop_constraint("fulfilled_is_paid", type_="check")
        table.drop_constraint("hold", type_="check")
        table.drop_column("fulfilled_at")
        table.drop_column("hold")
        table.alter_column("customer_id", existing_type=sa.String(40), nullable=False)
    with op.batch_alter_table("products") as table:
        table.drop_constraint("never_oversold", type_="check")
        table.drop_column("stock")
