"""Refunds and disputes by the date of their payment

Revision: 0850, after 0870
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import columns

revision = '0850'
down_revision = '0870'
branch_labels = None
depends_on = None

SUCCEEDED = sa.text("state = 'succeeded'")


def upgrade() -> None:
    for table in ('refunds', 'disputes'):
        # Plain, not as a batch: on SQLite that would make the table anew, and lose its triggers.
        op.add_column(table, sa.Column('payment_created_at', columns.UTCDateTime(), nullable=True))
        op.execute(
            f'UPDATE {table} SET payment_created_at ='  # noqa: S608 - our own two names
            f' (SELECT created_at FROM transactions WHERE id = {table}.transaction_id)'
        )
    page = ['payment_created_at', 'transaction_id']
    op.create_index('ix_disputes_page', 'disputes', page, unique=False)
    op.create_index('ix_refunds_page', 'refunds', page, unique=False, postgresql_where=SUCCEEDED, sqlite_where=SUCCEEDED)


def downgrade() -> None:
    op.drop_index('ix_refunds_page', table_name='refunds')
    op.drop_index('ix_disputes_page', table_name='disputes')
    for table in ('disputes', 'refunds'):
        op.drop_column(table, 'payment_created_at')
