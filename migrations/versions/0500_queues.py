"""Queues: one open message of a kind, failures counted, the dead discarded, tallies by job

Revision: 0500, after 0400
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import columns

revision = "0500"
down_revision = "0400"
branch_labels = None
depends_on = None

OPEN = sa.text("done_at IS NULL AND dead_at IS NULL")
DEAD = sa.text("dead_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "job_tallies",
        sa.Column("queue", sa.String(length=40), nullable=False),
        sa.Column("command", sa.String(length=80), nullable=False),
        sa.Column("retries", columns.BIGINT, nullable=False),
        sa.Column("put_off", columns.BIGINT, nullable=False),
        sa.Column("deaths", columns.BIGINT, nullable=False),
        sa.PrimaryKeyConstraint("queue", "command", name=op.f("pk_job_tallies")),
    )
    with op.batch_alter_table("outbox") as batch_op:
        batch_op.add_column(sa.Column("alone_key", sa.String(length=200), nullable=True))
        batch_op.add_column(
            sa.Column("failures", sa.Integer(), server_default="0", nullable=False)
        )
        batch_op.add_column(sa.Column("discarded_at", columns.UTCDateTime(), nullable=True))
        batch_op.create_check_constraint(
            op.f("ck_outbox_discarded_is_dead"), "discarded_at IS NULL OR dead_at IS NOT NULL"
        )
        batch_op.create_index(
            "uq_outbox_open_alone_key",
            ["alone_key"],
            unique=True,
            postgresql_where=OPEN,
            sqlite_where=OPEN,
        )
        batch_op.create_index(
            "ix_outbox_dead", ["id"], postgresql_where=DEAD, sqlite_where=DEAD
        )
        batch_op.create_index("ix_outbox_done_at", ["done_at"])


def downgrade() -> None:
    with op.batch_alter_table("outbox") as batch_op:
        batch_op.drop_index("ix_outbox_done_at")
        batch_op.drop_index("ix_outbox_dead", postgresql_where=DEAD, sqlite_where=DEAD)
        batch_op.drop_index("uq_outbox_open_alone_key", postgresql_where=OPEN, sqlite_where=OPEN)
        batch_op.drop_constraint(op.f("ck_outbox_discarded_is_dead"), type_="check")
        batch_op.drop_column("discarded_at")
        batch_op.drop_column("failures")
        batch_op.drop_column("alone_key")
    op.drop_table("job_tallies")
