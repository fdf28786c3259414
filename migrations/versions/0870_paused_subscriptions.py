"""Paused subscriptions

Revision: 0870, after 0800
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import columns

revision = "0870"
down_revision = "0800"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("subscriptions", sa.Column("paused_at", columns.UTCDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("subscriptions", "paused_at")
