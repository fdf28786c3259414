"""How often a job was begun, by a wake-up and by a worker's own look.

Revision: 0004, after 0003. The release before counts nothing there.
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db.columns import BIGINT

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

COLUMNS = ("by_job", "by_look")


def upgrade() -> None:
    for name in COLUMNS:
        column = sa.Column(name, BIGINT, nullable=False, server_default="0")
        op.add_column("pay_job_counters", column)


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("pay_job_counters", name)
