"""Refunds and disputes to look at

Revision: 0105, after 0104
"""

import sqlalchemy as sa
from alembic import op

revision = '0105'
down_revision = '0104'
branch_labels = None
depends_on = None

WAITING = sa.text(
    "state IN ('appeal_needs_response', 'needs_response', 'warning_needs_response')"
)
SUCCEEDED = sa.text("state = 'succeeded'")


def upgrade() -> None:
    with op.batch_alter_table('disputes', schema=None) as batch_op:
        batch_op.create_index('ix_disputes_waiting', ['due_by', 'id'], unique=False, postgresql_where=WAITING, sqlite_where=WAITING)

    op.create_index('ix_refunds_succeeded', 'refunds', ['transaction_id'], unique=False, postgresql_where=SUCCEEDED, sqlite_where=SUCCEEDED)


def downgrade() -> None:
    op.drop_index('ix_refunds_succeeded', table_name='refunds')
    with op.batch_alter_table('disputes', schema=None) as batch_op:
        batch_op.drop_index('ix_disputes_waiting', postgresql_where=WAITING, sqlite_where=WAITING)
