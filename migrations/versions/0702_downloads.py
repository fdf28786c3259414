"""Downloads

Revision: 0702, after 0701
"""

import sqlalchemy as sa
from alembic import op
from payments_app.core.db import clock, columns

revision = '0702'
down_revision = '0701'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('digital_products',
    sa.Column('id', columns.BIGINT, sa.Identity(always=False), nullable=False),
    sa.Column('slug', sa.String(length=60), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.Column('amount', columns.BIGINT, nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('filename', sa.String(length=120), nullable=False),
    sa.Column('media_type', sa.String(length=100), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.CheckConstraint('amount >= 0', name=op.f('ck_digital_products_amount_not_negative')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_digital_products')),
    sa.UniqueConstraint('slug', name=op.f('uq_digital_products_slug'))
    )
    op.create_table('digital_purchases',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('product_id', columns.BIGINT, nullable=False),
    sa.Column('customer_id', sa.String(length=40), nullable=True),
    sa.Column('status', sa.String(length=16), nullable=False),
    sa.Column('amount', columns.BIGINT, nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('delivered_at', columns.UTCDateTime(), nullable=True),
    sa.Column('downloads', sa.Integer(), nullable=False),
    sa.Column('created_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.CheckConstraint("(status = 'paid') = (delivered_at IS NOT NULL)", name=op.f('ck_digital_purchases_delivered_at')),
    sa.CheckConstraint("status IN ('open', 'paid', 'payment_failed')", name=op.f('ck_digital_purchases_status')),
    sa.CheckConstraint('amount >= 0', name=op.f('ck_digital_purchases_amount_not_negative')),
    sa.ForeignKeyConstraint(['customer_id'], ['customers.id'], name=op.f('fk_digital_purchases_customer_id')),
    sa.ForeignKeyConstraint(['product_id'], ['digital_products.id'], name=op.f('fk_digital_purchases_product_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_digital_purchases'))
    )
    with op.batch_alter_table('digital_purchases', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_digital_purchases_customer_id'), ['customer_id'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('digital_purchases', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_digital_purchases_customer_id'))

    op.drop_table('digital_purchases')
    op.drop_table('digital_products')
