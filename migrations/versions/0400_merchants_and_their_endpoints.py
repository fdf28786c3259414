"""Merchants and their endpoints

Revision: 0400, after 0301
"""

import sqlalchemy as sa
from alembic import op
from payments_app.core.db import clock, columns

revision = '0400'
down_revision = '0301'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('merchants',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('timezone', sa.String(length=60), nullable=False),
    sa.Column('cutoff', sa.Integer(), nullable=False),
    sa.Column('is_default', sa.Boolean(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.CheckConstraint('cutoff BETWEEN 0 AND 1439', name=op.f('ck_merchants_cutoff_within_a_day')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_merchants'))
    )
    with op.batch_alter_table('merchants', schema=None) as batch_op:
        batch_op.create_index('uq_merchants_default', ['is_default'], unique=True, postgresql_where=sa.text('is_default'), sqlite_where=sa.text('is_default'))

    op.create_table('merchant_endpoints',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('merchant_id', sa.String(length=40), nullable=False),
    sa.Column('url', sa.String(length=500), nullable=False),
    sa.Column('secret', sa.String(length=80), nullable=False),
    sa.Column('old_secret', sa.String(length=80), nullable=True),
    sa.Column('old_secret_until', columns.UTCDateTime(), nullable=True),
    sa.Column('enabled', sa.Boolean(), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('failing_since', columns.UTCDateTime(), nullable=True),
    sa.Column('disabled_at', columns.UTCDateTime(), nullable=True),
    sa.Column('disabled_reason', sa.Text(), nullable=True),
    sa.Column('created_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.CheckConstraint('enabled = (disabled_at IS NULL)', name=op.f('ck_merchant_endpoints_disabled_at')),
    sa.CheckConstraint('failures >= 0', name=op.f('ck_merchant_endpoints_failures_not_negative')),
    sa.ForeignKeyConstraint(['merchant_id'], ['merchants.id'], name=op.f('fk_merchant_endpoints_merchant_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_merchant_endpoints'))
    )
    with op.batch_alter_table('merchant_endpoints', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_merchant_endpoints_merchant_id'), ['merchant_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('merchant_endpoints', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_merchant_endpoints_merchant_id'))

    op.drop_table('merchant_endpoints')
    with op.batch_alter_table('merchants', schema=None) as batch_op:
        batch_op.drop_index('uq_merchants_default', postgresql_where=sa.text('is_default'), sqlite_where=sa.text('is_default'))

    op.drop_table('merchants')
