"""Circuit breaker

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import clock, columns

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "breakers",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("times_opened", sa.Integer(), nullable=False),
        sa.Column("open_until", columns.UTCDateTime(), nullable=True),
        sa.Column(
            "changed_at",
            columns.UTCDateTime(),
            server_default=clock.database_now(),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_breakers")),
    )


def downgrade() -> None:
    op.drop_table("breakers")
