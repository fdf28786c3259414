"""Settlement

Revision: 0403, after 0402
"""

import sqlalchemy as sa
from alembic import op

from migrations.append_only import protect
from payments_app.core.db import clock, columns

revision = '0403'
down_revision = '0402'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('settlement_batches',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('merchant_id', sa.String(length=40), nullable=False),
    sa.Column('business_day', sa.Date(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('timezone', sa.String(length=60), nullable=False),
    sa.Column('opens_at', columns.UTCDateTime(), nullable=False),
    sa.Column('closes_at', columns.UTCDateTime(), nullable=False),
    sa.Column('closed_at', columns.UTCDateTime(), nullable=True),
    sa.Column('total', columns.BIGINT, nullable=True),
    sa.Column('line_count', sa.Integer(), nullable=True),
    sa.Column('created_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.CheckConstraint('(closed_at IS NULL) = (line_count IS NULL)', name=op.f('ck_settlement_batches_count_when_closed')),
    sa.CheckConstraint('(closed_at IS NULL) = (total IS NULL)', name=op.f('ck_settlement_batches_total_when_closed')),
    sa.CheckConstraint('opens_at < closes_at', name=op.f('ck_settlement_batches_opens_before_it_closes')),
    sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id'], name=op.f('fk_settlement_batches_merchant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_settlement_batches')),
    sa.UniqueConstraint('id', 'currency', name=op.f('uq_settlement_batches_id_currency')),
    sa.UniqueConstraint('merchant_id', 'business_day', 'currency', name=op.f('uq_settlement_batches_merchant_id_business_day_currency'))
    )

    op.create_table('settlement_lines',
    sa.Column('id', columns.BIGINT, nullable=False),
    sa.Column('key', sa.String(length=80), nullable=False),
    sa.Column('batch_id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('transaction_id', sa.String(length=40), nullable=False),
    sa.Column('amount', columns.BIGINT, nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('occurred_at', columns.UTCDateTime(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.CheckConstraint('amount <> 0', name=op.f('ck_settlement_lines_amount_moves')),
    sa.ForeignKeyConstraint(['batch_id', 'currency'], ['settlement_batches.id', 'settlement_batches.currency'], name=op.f('fk_settlement_lines_batch_id_currency')),
    sa.ForeignKeyConstraint(['transaction_id'], ['transactions.id'], name=op.f('fk_settlement_lines_transaction_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_settlement_lines')),
    sa.UniqueConstraint('key', name=op.f('uq_settlement_lines_key'))
    )

    with op.batch_alter_table('settlement_lines', schema=None) as batch_op:
        batch_op.create_index('ix_settlement_lines_batch', ['batch_id', 'occurred_at', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_settlement_lines_transaction_id'), ['transaction_id'], unique=False)

    protect('settlement_lines')


def downgrade() -> None:
    with op.batch_alter_table('settlement_lines', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_settlement_lines_transaction_id'))
        batch_op.drop_index('ix_settlement_lines_batch')

    op.drop_table('settlement_lines')

    op.drop_table('settlement_batches')
