"""What caused each entry of the history.

Revision: 0013, after 0012. Entries of the release before have no cause.
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import columns

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("pay_history", sa.Column("cause", columns.JSON_TYPE, nullable=True))


def downgrade() -> None:
    op.drop_column("pay_history", "cause")
