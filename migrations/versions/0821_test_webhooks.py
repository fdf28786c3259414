"""A test's webhook event is about no payment

Revision: 0821, after 0820
"""

import sqlalchemy as sa
from alembic import op

revision = '0821'
down_revision = '0820'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('webhook_events') as batch_op:
        batch_op.alter_column('transaction_id', existing_type=sa.String(length=40), nullable=True)


def downgrade() -> None:
    op.execute("""
        DELETE FROM webhook_attempts WHERE delivery_id IN (
            SELECT d.id FROM webhook_deliveries d JOIN webhook_events e ON e.id = d.event_id
            WHERE e.transaction_id IS NULL
        )
    """)
    op.execute("""
        DELETE FROM webhook_deliveries WHERE event_id IN (
            SELECT id FROM webhook_events WHERE transaction_id IS NULL
        )
    """)
    op.execute("DELETE FROM webhook_events WHERE transaction_id IS NULL")
    with op.batch_alter_table('webhook_events') as batch_op:
        batch_op.alter_column('transaction_id', existing_type=sa.String(length=40), nullable=False)
