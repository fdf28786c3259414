"""Which events a merchant's endpoint asks for, and how far its owner was told that it fails.

Revision: 0016, after 0015.
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import columns

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLE = "pay_merchant_endpoints"


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("topics", columns.JSON_TYPE, nullable=True))
    op.add_column(TABLE, sa.Column("warned", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column(TABLE, "warned")
    op.drop_column(TABLE, "topics")
