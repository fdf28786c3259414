"""Which items a refund gives back.

Revision: 0017, after 0016.
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import columns

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("pay_refunds", sa.Column("items", columns.JSON_TYPE, nullable=True))


def downgrade() -> None:
    op.drop_column("pay_refunds", "items")
