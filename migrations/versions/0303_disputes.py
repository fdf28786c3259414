"""Disputes

Revision: 0303, after 0600
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import clock, columns

revision = '0303'
down_revision = '0600'
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table('disputes',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('transaction_id', sa.String(length=40), nullable=False),
    sa.Column('stripe_dispute_id', sa.String(length=255), nullable=False),
    sa.Column('state', sa.String(length=40), nullable=False),
    sa.Column('funds', sa.String(length=16), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=60), nullable=False),
    sa.Column('amount', columns.BIGINT, nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('due_by', columns.UTCDateTime(), nullable=True),
    sa.Column('has_evidence', sa.Boolean(), nullable=False),
    sa.Column('refundable', sa.Boolean(), nullable=False),
    sa.Column('stripe_data', columns.JSON_TYPE, nullable=False),
    sa.Column('opened_at', columns.UTCDateTime(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.CheckConstraint("funds IN ('none', 'withdrawn', 'reinstated')", name=op.f('ck_disputes_funds')),
    sa.CheckConstraint('amount > 0', name=op.f('ck_disputes_amount_positive')),
    sa.ForeignKeyConstraint(['transaction_id'], ['transactions.id'], name=op.f('fk_disputes_transaction_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_disputes')),
    sa.UniqueConstraint('stripe_dispute_id', name=op.f('uq_disputes_stripe_dispute_id'))
    )
    with op.batch_alter_table('disputes', schema=None) as batch_op:
        batch_op.create_index('ix_disputes_state_due_by', ['state', 'due_by'], unique=False)
        batch_op.create_index(batch_op.f('ix_disputes_transaction_id'), ['transaction_id'], unique=False)




def downgrade() -> None:

    with op.batch_alter_table('disputes', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_disputes_transaction_id'))
        batch_op.drop_index('ix_disputes_state_due_by')

    op.drop_table('disputes')

