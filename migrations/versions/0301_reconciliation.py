"""Reconciliation

Revision: 0301, after 0200
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import clock, columns

revision = '0301'
down_revision = '0200'
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table('reconcile_runs',
    sa.Column('id', columns.BIGINT, nullable=False),
    sa.Column('since', columns.UTCDateTime(), nullable=False),
    sa.Column('until', columns.UTCDateTime(), nullable=False),
    sa.Column('started_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.Column('finished_at', columns.UTCDateTime(), nullable=True),
    sa.Column('intents', sa.Integer(), nullable=False),
    sa.Column('found', sa.Integer(), nullable=False),
    sa.Column('error', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reconcile_runs'))
    )
    with op.batch_alter_table('reconcile_runs', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_reconcile_runs_started_at'), ['started_at'], unique=False)

    op.create_table('reconcile_findings',
    sa.Column('id', columns.BIGINT, nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('subject', sa.String(length=255), nullable=False),
    sa.Column('severity', sa.String(length=16), nullable=False),
    sa.Column('fix', sa.String(length=40), nullable=True),
    sa.Column('transaction_id', sa.String(length=40), nullable=True),
    sa.Column('about_at', columns.UTCDateTime(), nullable=False),
    sa.Column('details', columns.JSON_TYPE, nullable=False),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.Column('found_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.Column('seen_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.Column('asked_by', sa.String(length=80), nullable=True),
    sa.Column('resolved_at', columns.UTCDateTime(), nullable=True),
    sa.Column('resolution', sa.String(length=16), nullable=True),
    sa.Column('resolved_by', sa.String(length=80), nullable=True),
    sa.CheckConstraint("resolution IN ('gone', 'fixed')", name=op.f('ck_reconcile_findings_resolution')),
    sa.CheckConstraint('(resolved_at IS NULL) = (resolution IS NULL)', name=op.f('ck_reconcile_findings_resolved')),
    sa.ForeignKeyConstraint(['transaction_id'], ['transactions.id'], name=op.f('fk_reconcile_findings_transaction_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reconcile_findings'))
    )
    with op.batch_alter_table('reconcile_findings', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_reconcile_findings_transaction_id'), ['transaction_id'], unique=False)
        batch_op.create_index('uq_reconcile_findings_open', ['kind', 'subject'], unique=True, postgresql_where=sa.text('resolved_at IS NULL'), sqlite_where=sa.text('resolved_at IS NULL'))




def downgrade() -> None:

    with op.batch_alter_table('reconcile_findings', schema=None) as batch_op:
        batch_op.drop_index('uq_reconcile_findings_open', postgresql_where=sa.text('resolved_at IS NULL'), sqlite_where=sa.text('resolved_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_reconcile_findings_transaction_id'))

    op.drop_table('reconcile_findings')
    with op.batch_alter_table('reconcile_runs', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_reconcile_runs_started_at'))

    op.drop_table('reconcile_runs')

