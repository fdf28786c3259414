"""From where payments were asked for

Revision: 0851, after 0821
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import clock, columns

revision = '0851'
down_revision = '0821'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('checkout_marks',
    sa.Column('mark', sa.String(length=40), nullable=False),
    sa.Column('transaction_id', sa.String(length=40), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.ForeignKeyConstraint(['transaction_id'], ['transactions.id'], name=op.f('fk_checkout_marks_transaction_id')),
    sa.PrimaryKeyConstraint('mark', 'transaction_id', name=op.f('pk_checkout_marks'))
    )
    op.create_index(op.f('ix_checkout_marks_created_at'), 'checkout_marks', ['created_at'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_checkout_marks_created_at'), table_name='checkout_marks')
    op.drop_table('checkout_marks')
