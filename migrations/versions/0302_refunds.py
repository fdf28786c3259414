"""Refunds

Revision: 0302, after 0101
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import clock, columns

revision = '0302'
down_revision = '0101'
branch_labels = None
depends_on = None

# What was not refunded after all leaves room for another refund. The transaction is locked first,
# so that two refunds at once see each other.
GUARD_POSTGRESQL = """
CREATE FUNCTION refunds_within_capture() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    captured bigint;
    refunded numeric;
BEGIN
    IF NEW.state IN ('failed', 'canceled') THEN
        RETURN NEW;
    END IF;
    SELECT amount INTO captured FROM transactions WHERE id = NEW.transaction_id FOR UPDATE;
    SELECT coalesce(sum(amount), 0) INTO refunded FROM refunds
     WHERE transaction_id = NEW.transaction_id AND id <> NEW.id
       AND state NOT IN ('failed', 'canceled');
    IF refunded + NEW.amount > captured THEN
        RAISE EXCEPTION 'refunds of % exceed its capture', NEW.transaction_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$
"""
GUARD_SQLITE = """
CREATE TRIGGER refunds_within_capture_{verb} BEFORE {verb} ON refunds
WHEN NEW.state NOT IN ('failed', 'canceled')
BEGIN
    SELECT RAISE(ABORT, 'refunds exceed the capture')
     WHERE NEW.amount + (
         SELECT coalesce(sum(amount), 0) FROM refunds
          WHERE transaction_id = NEW.transaction_id AND id <> NEW.id
            AND state NOT IN ('failed', 'canceled')
     ) > (SELECT amount FROM transactions WHERE id = NEW.transaction_id);
END
"""


def upgrade() -> None:
    op.create_table('refunds',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('transaction_id', sa.String(length=40), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('amount', columns.BIGINT, nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('stripe_reason', sa.String(length=40), nullable=True),
    sa.Column('requested_by', sa.String(length=80), nullable=False),
    sa.Column('idempotency_key', sa.String(length=255), nullable=True),
    sa.Column('parameters', columns.JSON_TYPE, nullable=True),
    sa.Column('sent_at', columns.UTCDateTime(), nullable=True),
    sa.Column('stripe_refund_id', sa.String(length=255), nullable=True),
    sa.Column('stripe_data', columns.JSON_TYPE, nullable=True),
    sa.Column('error', columns.JSON_TYPE, nullable=True),
    sa.Column('error_code', sa.String(length=100), nullable=True),
    sa.Column('error_message', sa.Text(), nullable=True),
    sa.Column('created_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.Column('updated_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.Column('state_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.CheckConstraint("state IN ('requested', 'processing', 'unknown', 'pending', 'requires_action', 'succeeded', 'failed', 'canceled')", name=op.f('ck_refunds_state')),
    sa.CheckConstraint("stripe_reason IN ('duplicate', 'fraudulent', 'requested_by_customer')", name=op.f('ck_refunds_stripe_reason')),
    sa.CheckConstraint('amount > 0', name=op.f('ck_refunds_amount_positive')),
    sa.CheckConstraint('length(trim(reason)) > 0', name=op.f('ck_refunds_reason_given')),
    sa.ForeignKeyConstraint(['transaction_id'], ['transactions.id'], name=op.f('fk_refunds_transaction_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_refunds')),
    sa.UniqueConstraint('idempotency_key', name=op.f('uq_refunds_idempotency_key')),
    sa.UniqueConstraint('stripe_refund_id', name=op.f('uq_refunds_stripe_refund_id'))
    )
    with op.batch_alter_table('refunds', schema=None) as batch_op:
        batch_op.create_index('ix_refunds_created_at_id', ['created_at', 'id'], unique=False)
        batch_op.create_index('ix_refunds_transaction_id', ['transaction_id', 'created_at'], unique=False)

    if op.get_bind().dialect.name == 'postgresql':
        op.execute(GUARD_POSTGRESQL)
        op.execute(
            'CREATE TRIGGER refunds_within_capture BEFORE INSERT OR UPDATE ON refunds '
            'FOR EACH ROW EXECUTE FUNCTION refunds_within_capture()'
        )
    else:
        for verb in ('INSERT', 'UPDATE'):
            op.execute(GUARD_SQLITE.format(verb=verb))


def downgrade() -> None:
    with op.batch_alter_table('refunds', schema=None) as batch_op:
        batch_op.drop_index('ix_refunds_transaction_id')
        batch_op.drop_index('ix_refunds_created_at_id')

    op.drop_table('refunds')
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('DROP FUNCTION refunds_within_capture()')
