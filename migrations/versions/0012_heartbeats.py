"""Which processes work, and what each was built with.

Revision: 0012, after 0011.
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import clock, columns

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pay_heartbeats",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("knows", columns.JSON_TYPE, nullable=False),
        sa.Column(
            "started_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.Column(
            "seen_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_heartbeats_pkey")),
    )
    op.create_index(op.f("pay_heartbeats_seen_at_idx"), "pay_heartbeats", ["seen_at"])


def downgrade() -> None:
    op.drop_table("pay_heartbeats")
