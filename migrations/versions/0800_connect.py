"""Connected accounts, whose sale a payment is, and the records on both sides

Revision: 0800, after 0105
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import clock, columns

revision = '0800'
down_revision = '0105'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('connected_accounts',
    sa.Column('merchant_id', sa.String(length=40), nullable=False),
    sa.Column('charge_type', sa.String(length=16), nullable=False),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('stripe_account_id', sa.String(length=255), nullable=True),
    sa.Column('details_submitted', sa.Boolean(), nullable=False),
    sa.Column('charges_enabled', sa.Boolean(), nullable=False),
    sa.Column('transfers_enabled', sa.Boolean(), nullable=False),
    sa.Column('payouts_enabled', sa.Boolean(), nullable=False),
    sa.Column('requirements', columns.JSON_TYPE, nullable=True),
    sa.Column('error_message', sa.Text(), nullable=True),
    sa.Column('link_url', sa.Text(), nullable=True),
    sa.Column('link_expires_at', columns.UTCDateTime(), nullable=True),
    sa.Column('deauthorized_at', columns.UTCDateTime(), nullable=True),
    sa.Column('refreshed_at', columns.UTCDateTime(), nullable=True),
    sa.Column('created_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.CheckConstraint("charge_type IN ('destination', 'direct')", name=op.f('ck_connected_accounts_charge_type')),
    sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id'], name=op.f('fk_connected_accounts_merchant_id')),
    sa.PrimaryKeyConstraint('merchant_id', name=op.f('pk_connected_accounts')),
    sa.UniqueConstraint('stripe_account_id', name=op.f('uq_connected_accounts_stripe_account_id'))
    )
    # Plain, not as a batch: on SQLite that would make the table anew, and lose its triggers.
    op.add_column('transactions', sa.Column('charge_type', sa.String(length=16), nullable=True))
    for table in ('products', 'orders'):
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column('merchant_id', sa.String(length=40), nullable=True))
            batch_op.create_foreign_key(op.f(f'fk_{table}_merchant_id'), 'merchants', ['merchant_id'], ['id'])
    op.create_table('connect_records',
    sa.Column('id', columns.BIGINT, nullable=False),
    sa.Column('transaction_id', sa.String(length=40), nullable=False),
    sa.Column('refund_id', sa.String(length=40), nullable=True),
    sa.Column('side', sa.String(length=16), nullable=False),
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('account', sa.String(length=255), nullable=True),
    sa.Column('stripe_id', sa.String(length=255), nullable=False),
    sa.Column('amount', columns.BIGINT, nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('fee', columns.BIGINT, nullable=True),
    sa.Column('net', columns.BIGINT, nullable=True),
    sa.Column('balance_currency', sa.String(length=3), nullable=True),
    sa.Column('made_at', columns.UTCDateTime(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.CheckConstraint('amount >= 0', name=op.f('ck_connect_records_amount_not_negative')),
    sa.CheckConstraint("side IN ('platform', 'merchant')", name=op.f('ck_connect_records_side')),
    sa.CheckConstraint("kind IN ('charge', 'refund', 'transfer', 'transfer_reversal', 'application_fee', 'application_fee_refund', 'payment', 'payment_refund')", name=op.f('ck_connect_records_kind')),
    sa.ForeignKeyConstraint(['refund_id'], ['refunds.id'], name=op.f('fk_connect_records_refund_id')),
    sa.ForeignKeyConstraint(['transaction_id'], ['transactions.id'], name=op.f('fk_connect_records_transaction_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_connect_records')),
    sa.UniqueConstraint('stripe_id', name=op.f('uq_connect_records_stripe_id'))
    )
    op.create_index('ix_connect_records_transaction_id', 'connect_records', ['transaction_id', 'id'])


def downgrade() -> None:
    op.drop_table('connect_records')
    for table in ('orders', 'products'):
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_constraint(op.f(f'fk_{table}_merchant_id'), type_='foreignkey')
            batch_op.drop_column('merchant_id')
    op.drop_column('transactions', 'charge_type')
    op.drop_table('connected_accounts')
