"""When somebody accepted a dispute.

Revision: 0026, after 0025. The release before reads such an answer as one that is being submitted, or was,
and touches it no more.
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import columns

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "pay_dispute_answers", sa.Column("accepted_at", columns.UTCDateTime(), nullable=True)
    )


def downgrade() -> None:
    op.drop_column("pay_dispute_answers", "accepted_at")
