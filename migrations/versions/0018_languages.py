"""The language and the zone of who pays, with the payment and with the customer.

Revision: 0018, after 0017.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TABLES = ("pay_transactions", "pay_customers")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("language", sa.String(8), nullable=True))
        op.add_column(table, sa.Column("zone", sa.String(64), nullable=True))


def downgrade() -> None:
    for table in TABLES:
        op.drop_column(table, "zone")
        op.drop_column(table, "language")
