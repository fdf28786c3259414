"""Ledger

Revision: 0300, after 0002
"""

import sqlalchemy as sa
from alembic import op

from migrations.append_only import protect
from payments_app.core.db import clock, columns

revision = '0300'
down_revision = '0002'
branch_labels = None
depends_on = None

# Deferred to the commit: a journal and its entries come in several statements.
BALANCED = """
CREATE FUNCTION ledger_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    journal bigint;
    entries bigint;
    total numeric;
BEGIN
    journal := CASE TG_TABLE_NAME WHEN 'ledger_journals' THEN (to_jsonb(NEW)->>'id')::bigint
                                  ELSE (to_jsonb(NEW)->>'journal_id')::bigint END;
    SELECT count(*), coalesce(sum(CASE side WHEN 'debit' THEN amount ELSE -amount END), 0)
      INTO entries, total FROM ledger_entries WHERE journal_id = journal;
    IF entries = 0 OR total <> 0 THEN
        RAISE EXCEPTION 'ledger journal % does not sum to zero', journal
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.create_table('ledger_journals',
    sa.Column('id', columns.BIGINT, nullable=False),
    sa.Column('key', sa.String(length=80), nullable=False),
    sa.Column('entry_type', sa.String(length=24), nullable=False),
    sa.Column('transaction_id', sa.String(length=40), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('posted_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.ForeignKeyConstraint(['transaction_id'], ['transactions.id'], name=op.f('fk_ledger_journals_transaction_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ledger_journals')),
    sa.UniqueConstraint('id', 'currency', name=op.f('uq_ledger_journals_id_currency')),
    sa.UniqueConstraint('key', name=op.f('uq_ledger_journals_key'))
    )
    with op.batch_alter_table('ledger_journals', schema=None) as batch_op:
        batch_op.create_index('ix_ledger_journals_posted_at', ['posted_at'], unique=False)
        batch_op.create_index('ix_ledger_journals_transaction_id', ['transaction_id', 'entry_type'], unique=False)

    op.create_table('ledger_entries',
    sa.Column('id', columns.BIGINT, nullable=False),
    sa.Column('key', sa.String(length=100), nullable=False),
    sa.Column('journal_id', columns.BIGINT, nullable=False),
    sa.Column('transaction_id', sa.String(length=40), nullable=False),
    sa.Column('entry_type', sa.String(length=24), nullable=False),
    sa.Column('account', sa.String(length=24), nullable=False),
    sa.Column('side', sa.String(length=6), nullable=False),
    sa.Column('amount', columns.BIGINT, nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.CheckConstraint("side IN ('debit', 'credit')", name=op.f('ck_ledger_entries_side')),
    sa.CheckConstraint('amount > 0', name=op.f('ck_ledger_entries_amount_positive')),
    sa.ForeignKeyConstraint(['journal_id', 'currency'], ['ledger_journals.id', 'ledger_journals.currency'], name=op.f('fk_ledger_entries_journal_id_currency')),
    sa.ForeignKeyConstraint(['transaction_id'], ['transactions.id'], name=op.f('fk_ledger_entries_transaction_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ledger_entries')),
    sa.UniqueConstraint('key', name=op.f('uq_ledger_entries_key'))
    )
    with op.batch_alter_table('ledger_entries', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ledger_entries_journal_id'), ['journal_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_ledger_entries_transaction_id'), ['transaction_id'], unique=False)

    for table in ('ledger_journals', 'ledger_entries'):
        protect(table)
    if op.get_bind().dialect.name == 'postgresql':
        op.execute(BALANCED)
        for table in ('ledger_journals', 'ledger_entries'):
            op.execute(
                f'CREATE CONSTRAINT TRIGGER {table}_balanced AFTER INSERT ON {table} '
                'DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_balanced()'
            )


def downgrade() -> None:
    with op.batch_alter_table('ledger_entries', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ledger_entries_transaction_id'))
        batch_op.drop_index(batch_op.f('ix_ledger_entries_journal_id'))

    op.drop_table('ledger_entries')
    with op.batch_alter_table('ledger_journals', schema=None) as batch_op:
        batch_op.drop_index('ix_ledger_journals_transaction_id')
        batch_op.drop_index('ix_ledger_journals_posted_at')

    op.drop_table('ledger_journals')
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('DROP FUNCTION ledger_balanced()')
