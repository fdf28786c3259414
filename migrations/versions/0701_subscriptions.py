"""Subscriptions

Revision: 0701, after 0700
"""

import sqlalchemy as sa
from alembic import op
from payments_app.core.db import clock, columns

revision = '0701'
down_revision = '0700'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('plans',
    sa.Column('id', columns.BIGINT, sa.Identity(always=False), nullable=False),
    sa.Column('slug', sa.String(length=60), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.Column('amount', columns.BIGINT, nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('interval', sa.String(length=8), nullable=False),
    sa.Column('trial_days', sa.Integer(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.CheckConstraint("\"interval\" IN ('week', 'month', 'year')", name=op.f('ck_plans_interval')),
    sa.CheckConstraint('amount >= 0', name=op.f('ck_plans_amount_not_negative')),
    sa.CheckConstraint('trial_days >= 0', name=op.f('ck_plans_trial_not_negative')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_plans')),
    sa.UniqueConstraint('slug', name=op.f('uq_plans_slug'))
    )
    op.create_table('subscriptions',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('plan_id', columns.BIGINT, nullable=False),
    sa.Column('customer_id', sa.String(length=40), nullable=False),
    sa.Column('card_id', sa.String(length=40), nullable=True),
    sa.Column('status', sa.String(length=16), nullable=False),
    sa.Column('anchor_day', sa.Integer(), nullable=False),
    sa.Column('current_start', sa.Date(), nullable=True),
    sa.Column('current_end', sa.Date(), nullable=True),
    sa.Column('billed_until', sa.Date(), nullable=False),
    sa.Column('balance', columns.BIGINT, nullable=False),
    sa.Column('cancel_at_period_end', sa.Boolean(), nullable=False),
    sa.Column('canceled_at', columns.UTCDateTime(), nullable=True),
    sa.Column('created_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.CheckConstraint("(status = 'canceled') = (canceled_at IS NOT NULL)", name=op.f('ck_subscriptions_canceled_at')),
    sa.CheckConstraint("status IN ('incomplete', 'trialing', 'active', 'past_due', 'canceled')", name=op.f('ck_subscriptions_status')),
    sa.CheckConstraint('anchor_day BETWEEN 1 AND 31', name=op.f('ck_subscriptions_anchor_day')),
    sa.ForeignKeyConstraint(['card_id'], ['saved_cards.id'], name=op.f('fk_subscriptions_card_id')),
    sa.ForeignKeyConstraint(['customer_id'], ['customers.id'], name=op.f('fk_subscriptions_customer_id')),
    sa.ForeignKeyConstraint(['plan_id'], ['plans.id'], name=op.f('fk_subscriptions_plan_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_subscriptions'))
    )
    with op.batch_alter_table('subscriptions', schema=None) as batch_op:
        batch_op.create_index('ix_subscriptions_billed_until', ['billed_until'], unique=False, postgresql_where=sa.text("status IN ('trialing', 'active', 'past_due')"), sqlite_where=sa.text("status IN ('trialing', 'active', 'past_due')"))
        batch_op.create_index(batch_op.f('ix_subscriptions_customer_id'), ['customer_id'], unique=False)

    op.create_table('subscription_periods',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('subscription_id', sa.String(length=40), nullable=False),
    sa.Column('start', sa.Date(), nullable=False),
    sa.Column('end', sa.Date(), nullable=False),
    sa.Column('trial', sa.Boolean(), nullable=False),
    sa.Column('amount', columns.BIGINT, nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('description', sa.String(length=300), nullable=False),
    sa.Column('paid_at', columns.UTCDateTime(), nullable=True),
    sa.Column('failed_at', columns.UTCDateTime(), nullable=True),
    sa.Column('step', sa.Integer(), nullable=False),
    sa.Column('next_try_at', columns.UTCDateTime(), nullable=True),
    sa.Column('judged', sa.String(length=40), nullable=True),
    sa.Column('created_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.CheckConstraint('"end" > start', name=op.f('ck_subscription_periods_some_days')),
    sa.CheckConstraint('amount >= 0', name=op.f('ck_subscription_periods_amount_not_negative')),
    sa.ForeignKeyConstraint(['subscription_id'], ['subscriptions.id'], name=op.f('fk_subscription_periods_subscription_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_subscription_periods')),
    sa.UniqueConstraint('subscription_id', 'start', name=op.f('uq_subscription_periods_subscription_id_start'))
    )
    with op.batch_alter_table('subscription_periods', schema=None) as batch_op:
        batch_op.create_index('ix_subscription_periods_unpaid', ['subscription_id'], unique=False, postgresql_where=sa.text('paid_at IS NULL'), sqlite_where=sa.text('paid_at IS NULL'))



def downgrade() -> None:
    with op.batch_alter_table('subscription_periods', schema=None) as batch_op:
        batch_op.drop_index('ix_subscription_periods_unpaid', postgresql_where=sa.text('paid_at IS NULL'), sqlite_where=sa.text('paid_at IS NULL'))

    op.drop_table('subscription_periods')
    with op.batch_alter_table('subscriptions', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_subscriptions_customer_id'))
        batch_op.drop_index('ix_subscriptions_billed_until', postgresql_where=sa.text("status IN ('trialing', 'active', 'past_due')"), sqlite_where=sa.text("status IN ('trialing', 'active', 'past_due')"))

    op.drop_table('subscriptions')
    op.drop_table('plans')
