"""First tables

Revision: 0001, after 
"""

import sqlalchemy as sa
from alembic import op

from migrations.append_only import protect, release_all
from payments_app.core.db import clock, columns

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('alerts',
    sa.Column('id', columns.BIGINT, nullable=False),
    sa.Column('kind', sa.String(length=60), nullable=False),
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.Column('severity', sa.String(length=16), nullable=False),
    sa.Column('message', sa.Text(), nullable=False),
    sa.Column('data', columns.JSON_TYPE, nullable=False),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.Column('first_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.Column('last_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.Column('delivered_at', columns.UTCDateTime(), nullable=True),
    sa.Column('acknowledged_at', columns.UTCDateTime(), nullable=True),
    sa.Column('acknowledged_by', sa.String(length=80), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alerts'))
    )
    with op.batch_alter_table('alerts', schema=None) as batch_op:
        batch_op.create_index('uq_alerts_open_key', ['key'], unique=True, postgresql_where=sa.text('acknowledged_at IS NULL'), sqlite_where=sa.text('acknowledged_at IS NULL'))

    op.create_table('customers',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=True),
    sa.Column('stripe_customer_id', sa.String(length=255), nullable=True),
    sa.Column('default_payment_method_id', sa.String(length=255), nullable=True),
    sa.Column('payment_status', sa.String(length=24), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.CheckConstraint("payment_status IN ('declined', 'insufficient_funds', 'payment_failed')", name=op.f('ck_customers_payment_status')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_customers')),
    sa.UniqueConstraint('email', name=op.f('uq_customers_email')),
    sa.UniqueConstraint('stripe_customer_id', name=op.f('uq_customers_stripe_customer_id'))
    )
    op.create_table('outbox',
    sa.Column('id', columns.BIGINT, nullable=False),
    sa.Column('queue', sa.String(length=40), nullable=False),
    sa.Column('command', sa.String(length=80), nullable=False),
    sa.Column('subject', sa.String(length=80), nullable=False),
    sa.Column('dedupe_key', sa.String(length=200), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.Column('available_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.Column('leased_until', columns.UTCDateTime(), nullable=True),
    sa.Column('epoch', sa.Integer(), nullable=False),
    sa.Column('claims', sa.Integer(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('last_error', sa.Text(), nullable=True),
    sa.Column('done_at', columns.UTCDateTime(), nullable=True),
    sa.Column('dead_at', columns.UTCDateTime(), nullable=True),
    sa.CheckConstraint('done_at IS NULL OR dead_at IS NULL', name=op.f('ck_outbox_one_end')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox')),
    sa.UniqueConstraint('dedupe_key', name=op.f('uq_outbox_dedupe_key'))
    )
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.create_index('ix_outbox_due', ['queue', 'available_at'], unique=False, postgresql_where=sa.text('done_at IS NULL AND dead_at IS NULL'), sqlite_where=sa.text('done_at IS NULL AND dead_at IS NULL'))
        batch_op.create_index('ix_outbox_subject', ['subject', 'command'], unique=False)

    op.create_table('products',
    sa.Column('id', columns.BIGINT, sa.Identity(always=False), nullable=False),
    sa.Column('slug', sa.String(length=60), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.Column('amount', columns.BIGINT, nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('max_quantity', sa.Integer(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.CheckConstraint('amount >= 0', name=op.f('ck_products_amount_not_negative')),
    sa.CheckConstraint('max_quantity > 0', name=op.f('ck_products_quantity_positive')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_products')),
    sa.UniqueConstraint('slug', name=op.f('uq_products_slug'))
    )
    op.create_table('transactions',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('phase', sa.String(length=24), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('amount', columns.BIGINT, nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('description', sa.String(length=500), nullable=False),
    sa.Column('idempotency_key', sa.String(length=300), nullable=True),
    sa.Column('fingerprint', sa.String(length=64), nullable=True),
    sa.Column('buyer', sa.String(length=64), nullable=True),
    sa.Column('confirmation_token', sa.String(length=255), nullable=True),
    sa.Column('payment_method', sa.String(length=255), nullable=True),
    sa.Column('stripe_customer_id', sa.String(length=255), nullable=True),
    sa.Column('off_session', sa.Boolean(), nullable=False),
    sa.Column('parameters', columns.JSON_TYPE, nullable=True),
    sa.Column('create_sent_at', columns.UTCDateTime(), nullable=True),
    sa.Column('confirm_sent_at', columns.UTCDateTime(), nullable=True),
    sa.Column('stripe_payment_id', sa.String(length=255), nullable=True),
    sa.Column('stripe_status', sa.String(length=40), nullable=True),
    sa.Column('client_secret', sa.String(length=255), nullable=True),
    sa.Column('stripe_data', columns.JSON_TYPE, nullable=True),
    sa.Column('error', columns.JSON_TYPE, nullable=True),
    sa.Column('error_code', sa.String(length=100), nullable=True),
    sa.Column('error_message', sa.Text(), nullable=True),
    sa.Column('card_brand', sa.String(length=24), nullable=True),
    sa.Column('card_last4', sa.String(length=4), nullable=True),
    sa.Column('receipt_url', sa.Text(), nullable=True),
    sa.Column('statement_descriptor', sa.String(length=40), nullable=True),
    sa.Column('connected_account_id', sa.String(length=255), nullable=True),
    sa.Column('platform_fee', columns.BIGINT, nullable=True),
    sa.Column('livemode', sa.Boolean(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.Column('phase_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.Column('ended_at', columns.UTCDateTime(), nullable=True),
    sa.CheckConstraint("(state = 'pending' AND phase IN ('created', 'processing', 'requires_action', 'awaiting_bank', 'unknown')) OR (state = 'complete' AND phase = 'complete') OR (state = 'failed' AND phase IN ('failed', 'canceled'))", name=op.f('ck_transactions_state_of_phase')),
    sa.CheckConstraint('amount >= 0', name=op.f('ck_transactions_amount_not_negative')),
    sa.CheckConstraint('lower(currency) = currency AND length(currency) = 3', name=op.f('ck_transactions_currency')),
    sa.CheckConstraint('platform_fee IS NULL OR platform_fee >= 0', name=op.f('ck_transactions_fee_not_negative')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_transactions')),
    sa.UniqueConstraint('idempotency_key', name=op.f('uq_transactions_idempotency_key')),
    sa.UniqueConstraint('stripe_payment_id', name=op.f('uq_transactions_stripe_payment_id'))
    )
    with op.batch_alter_table('transactions', schema=None) as batch_op:
        batch_op.create_index('ix_transactions_created_at_id', ['created_at', 'id'], unique=False)

    op.create_table('history',
    sa.Column('id', columns.BIGINT, nullable=False),
    sa.Column('at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('what', sa.String(length=80), nullable=False),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('transaction_id', sa.String(length=40), nullable=True),
    sa.Column('subject', sa.String(length=80), nullable=True),
    sa.Column('data', columns.JSON_TYPE, nullable=False),
    sa.ForeignKeyConstraint(['transaction_id'], ['transactions.id'], name=op.f('fk_history_transaction_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_history'))
    )
    with op.batch_alter_table('history', schema=None) as batch_op:
        batch_op.create_index('ix_history_actor_id', ['actor', 'id'], unique=False)
        batch_op.create_index('ix_history_subject_id', ['subject', 'id'], unique=False)
        batch_op.create_index('ix_history_transaction_id_id', ['transaction_id', 'id'], unique=False)

    op.create_table('orders',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('number', sa.String(length=20), nullable=False),
    sa.Column('customer_id', sa.String(length=40), nullable=False),
    sa.Column('status', sa.String(length=16), nullable=False),
    sa.Column('total', columns.BIGINT, nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('paid_at', columns.UTCDateTime(), nullable=True),
    sa.Column('created_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.CheckConstraint("(status = 'paid') = (paid_at IS NOT NULL)", name=op.f('ck_orders_paid_at')),
    sa.CheckConstraint("status IN ('open', 'paid', 'payment_failed')", name=op.f('ck_orders_status')),
    sa.CheckConstraint('total >= 0', name=op.f('ck_orders_total_not_negative')),
    sa.ForeignKeyConstraint(['customer_id'], ['customers.id'], name=op.f('fk_orders_customer_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_orders')),
    sa.UniqueConstraint('number', name=op.f('uq_orders_number'))
    )
    with op.batch_alter_table('orders', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_orders_customer_id'), ['customer_id'], unique=False)

    op.create_table('payment_records',
    sa.Column('id', columns.BIGINT, nullable=False),
    sa.Column('transaction_id', sa.String(length=40), nullable=False),
    sa.Column('payable_type', sa.String(length=40), nullable=False),
    sa.Column('payable_id', sa.String(length=40), nullable=False),
    sa.Column('role', sa.String(length=16), nullable=False),
    sa.Column('live', sa.Boolean(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.CheckConstraint("role IN ('pays_for', 'customer', 'merchant')", name=op.f('ck_payment_records_role')),
    sa.ForeignKeyConstraint(['transaction_id'], ['transactions.id'], name=op.f('fk_payment_records_transaction_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payment_records'))
    )
    with op.batch_alter_table('payment_records', schema=None) as batch_op:
        batch_op.create_index('ix_payment_records_payable', ['payable_type', 'payable_id', 'role', 'created_at', 'id'], unique=False)
        batch_op.create_index('uq_payment_records_one_live', ['payable_type', 'payable_id'], unique=True, postgresql_where=sa.text("role = 'pays_for' AND live"), sqlite_where=sa.text("role = 'pays_for' AND live"))
        batch_op.create_index('uq_payment_records_transaction_id_role', ['transaction_id', 'role'], unique=True)

    op.create_table('order_lines',
    sa.Column('id', columns.BIGINT, sa.Identity(always=False), nullable=False),
    sa.Column('order_id', sa.String(length=40), nullable=False),
    sa.Column('product_id', columns.BIGINT, nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('amount', columns.BIGINT, nullable=False),
    sa.CheckConstraint('amount >= 0', name=op.f('ck_order_lines_amount_not_negative')),
    sa.CheckConstraint('quantity > 0', name=op.f('ck_order_lines_quantity_positive')),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_order_lines_order_id')),
    sa.ForeignKeyConstraint(['product_id'], ['products.id'], name=op.f('fk_order_lines_product_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_order_lines'))
    )
    with op.batch_alter_table('order_lines', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_order_lines_order_id'), ['order_id'], unique=False)
    protect("history")


def downgrade() -> None:
    with op.batch_alter_table('order_lines', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_order_lines_order_id'))

    op.drop_table('order_lines')
    with op.batch_alter_table('payment_records', schema=None) as batch_op:
        batch_op.drop_index('uq_payment_records_transaction_id_role')
        batch_op.drop_index('uq_payment_records_one_live', postgresql_where=sa.text("role = 'pays_for' AND live"), sqlite_where=sa.text("role = 'pays_for' AND live"))
        batch_op.drop_index('ix_payment_records_payable')

    op.drop_table('payment_records')
    with op.batch_alter_table('orders', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_orders_customer_id'))

    op.drop_table('orders')
    with op.batch_alter_table('history', schema=None) as batch_op:
        batch_op.drop_index('ix_history_transaction_id_id')
        batch_op.drop_index('ix_history_subject_id')
        batch_op.drop_index('ix_history_actor_id')

    op.drop_table('history')
    with op.batch_alter_table('transactions', schema=None) as batch_op:
        batch_op.drop_index('ix_transactions_created_at_id')

    op.drop_table('transactions')
    op.drop_table('products')
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.drop_index('ix_outbox_subject')
        batch_op.drop_index('ix_outbox_due', postgresql_where=sa.text('done_at IS NULL AND dead_at IS NULL'), sqlite_where=sa.text('done_at IS NULL AND dead_at IS NULL'))

    op.drop_table('outbox')
    op.drop_table('customers')
    with op.batch_alter_table('alerts', schema=None) as batch_op:
        batch_op.drop_index('uq_alerts_open_key', postgresql_where=sa.text('acknowledged_at IS NULL'), sqlite_where=sa.text('acknowledged_at IS NULL'))

    op.drop_table('alerts')
    release_all()
