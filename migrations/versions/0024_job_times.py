"""How long each job takes, by day.

Revision: 0024, after 0022. Workers add to it; the release before neither writes nor reads it.
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import columns

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pay_job_times",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("queue", sa.String(length=40), nullable=False),
        sa.Column("command", sa.String(length=80), nullable=False),
        sa.Column("time_class", sa.Integer(), nullable=False),
        sa.Column("runs", columns.BIGINT, nullable=False),
        sa.Column("failed", columns.BIGINT, nullable=False),
        sa.Column("slowest", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "day", "queue", "command", "time_class", name=op.f("pay_job_times_pkey")
        ),
    )


def downgrade() -> None:
    op.drop_table("pay_job_times")
