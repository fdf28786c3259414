"""Limits are counted in the database while the cache's Redis is away.

Revision: 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db.columns import UTCDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pay_limit_counters",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=False),
    )
    op.create_index("pay_limit_counters_ends_at_idx", "pay_limit_counters", ["ends_at"])


def downgrade() -> None:
    op.drop_table("pay_limit_counters")
