"""Webhooks of merchants

Revision: 0402, after 0303
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import clock, columns

revision = '0402'
down_revision = '0303'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('webhook_events',
    sa.Column('id', sa.String(length=120), nullable=False),
    sa.Column('type', sa.String(length=40), nullable=False),
    sa.Column('merchant_id', sa.String(length=40), nullable=False),
    sa.Column('transaction_id', sa.String(length=40), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id'], name=op.f('fk_webhook_events_merchant_id')),
    sa.ForeignKeyConstraint(['transaction_id'], ['transactions.id'], name=op.f('fk_webhook_events_transaction_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_events'))
    )

    with op.batch_alter_table('webhook_events', schema=None) as batch_op:
        batch_op.create_index('ix_webhook_events_merchant', ['merchant_id', 'created_at', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_webhook_events_transaction_id'), ['transaction_id'], unique=False)

    op.create_table('webhook_deliveries',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('event_id', sa.String(length=120), nullable=False),
    sa.Column('endpoint_id', sa.String(length=40), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('rounds', sa.Integer(), nullable=False),
    sa.Column('taken_until', columns.UTCDateTime(), nullable=True),
    sa.Column('created_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.Column('delivered_at', columns.UTCDateTime(), nullable=True),
    sa.CheckConstraint("(state = 'sending') = (taken_until IS NOT NULL)", name=op.f('ck_webhook_deliveries_taken')),
    sa.CheckConstraint("state IN ('waiting', 'sending', 'delivered', 'dead', 'skipped')", name=op.f('ck_webhook_deliveries_state')),
    sa.ForeignKeyConstraint(['endpoint_id'], ['merchant_endpoints.id'], name=op.f('fk_webhook_deliveries_endpoint_id')),
    sa.ForeignKeyConstraint(['event_id'], ['webhook_events.id'], name=op.f('fk_webhook_deliveries_event_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_deliveries')),
    sa.UniqueConstraint('event_id', 'endpoint_id', name=op.f('uq_webhook_deliveries_event_id_endpoint_id'))
    )

    with op.batch_alter_table('webhook_deliveries', schema=None) as batch_op:
        batch_op.create_index('ix_webhook_deliveries_endpoint', ['endpoint_id', 'state', 'created_at'], unique=False)

    op.create_table('webhook_attempts',
    sa.Column('id', columns.BIGINT, nullable=False),
    sa.Column('delivery_id', sa.String(length=40), nullable=False),
    sa.Column('at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.Column('status', sa.Integer(), nullable=True),
    sa.Column('milliseconds', sa.Integer(), nullable=False),
    sa.Column('error', sa.String(length=300), nullable=True),
    sa.ForeignKeyConstraint(['delivery_id'], ['webhook_deliveries.id'], name=op.f('fk_webhook_attempts_delivery_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_attempts'))
    )

    with op.batch_alter_table('webhook_attempts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_webhook_attempts_delivery_id'), ['delivery_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('webhook_attempts', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_webhook_attempts_delivery_id'))

    op.drop_table('webhook_attempts')

    with op.batch_alter_table('webhook_deliveries', schema=None) as batch_op:
        batch_op.drop_index('ix_webhook_deliveries_endpoint')

    op.drop_table('webhook_deliveries')

    with op.batch_alter_table('webhook_events', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_webhook_events_transaction_id'))
        batch_op.drop_index('ix_webhook_events_merchant')

    op.drop_table('webhook_events')
