"""Disputes by date

Revision: 0103, after 0702
"""

from alembic import op

revision = '0103'
down_revision = '0702'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('disputes', schema=None) as batch_op:
        batch_op.create_index('ix_disputes_opened_at_id', ['opened_at', 'id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('disputes', schema=None) as batch_op:
        batch_op.drop_index('ix_disputes_opened_at_id')
