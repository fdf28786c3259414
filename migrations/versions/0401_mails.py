"""Mails

Revision: 0401, after 0302
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import clock, columns

revision = '0401'
down_revision = '0302'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('mails',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('key', sa.String(length=120), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('transaction_id', sa.String(length=40), nullable=True),
    sa.Column('recipient', sa.String(length=254), nullable=False),
    sa.Column('subject', sa.String(length=300), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('html', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('rounds', sa.Integer(), nullable=False),
    sa.Column('taken_until', columns.UTCDateTime(), nullable=True),
    sa.Column('created_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.Column('sent_at', columns.UTCDateTime(), nullable=True),
    sa.CheckConstraint("(state = 'sending') = (taken_until IS NOT NULL)", name=op.f('ck_mails_taken')),
    sa.CheckConstraint("state IN ('queued', 'sending', 'sent', 'kept', 'dropped', 'undelivered')", name=op.f('ck_mails_state')),
    sa.ForeignKeyConstraint(['transaction_id'], ['transactions.id'], name=op.f('fk_mails_transaction_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mails')),
    sa.UniqueConstraint('key', name=op.f('uq_mails_key'))
    )

    with op.batch_alter_table('mails', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_mails_transaction_id'), ['transaction_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('mails', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_mails_transaction_id'))

    op.drop_table('mails')
