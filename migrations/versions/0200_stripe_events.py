"""Stripe's events

Revision: 0200, after 0100
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import clock, columns

revision = '0200'
down_revision = '0100'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('stripe_events',
    sa.Column('id', sa.String(length=80), nullable=False),
    sa.Column('type', sa.String(length=100), nullable=False),
    sa.Column('object_id', sa.String(length=80), nullable=True),
    sa.Column('account', sa.String(length=80), nullable=True),
    sa.Column('livemode', sa.Boolean(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('transaction_id', sa.String(length=40), nullable=True),
    sa.Column('deliveries', sa.Integer(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), nullable=False),
    sa.Column('received_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.Column('ended_at', columns.UTCDateTime(), nullable=True),
    sa.CheckConstraint("state IN ('received', 'processed', 'ignored', 'quarantined')", name=op.f('ck_stripe_events_state')),
    sa.ForeignKeyConstraint(['transaction_id'], ['transactions.id'], name=op.f('fk_stripe_events_transaction_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stripe_events'))
    )
    with op.batch_alter_table('stripe_events', schema=None) as batch_op:
        batch_op.create_index('ix_stripe_events_object_id_type', ['object_id', 'type'], unique=False)
        batch_op.create_index('ix_stripe_events_state_received_at', ['state', 'received_at'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('stripe_events', schema=None) as batch_op:
        batch_op.drop_index('ix_stripe_events_state_received_at')
        batch_op.drop_index('ix_stripe_events_object_id_type')

    op.drop_table('stripe_events')
