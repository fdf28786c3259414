"""What Stripe wrote of balances, and settlement lines net of fees, by the journals they are made of

Revision: 0820, after 0850
"""

import sqlalchemy as sa
from alembic import op

from migrations.append_only import protect
from payments_app.core.db import clock, columns

revision = '0820'
down_revision = '0850'
branch_labels = None
depends_on = None

MOVES = "amount <> 0 OR stripe_fee <> 0 OR platform_fee <> 0"


def upgrade() -> None:
    op.create_table('balance_transactions',
    sa.Column('id', sa.String(length=255), nullable=False),
    sa.Column('transaction_id', sa.String(length=40), nullable=False),
    sa.Column('source', sa.String(length=255), nullable=False),
    sa.Column('account', sa.String(length=255), nullable=True),
    sa.Column('type', sa.String(length=60), nullable=False),
    sa.Column('amount', columns.BIGINT, nullable=False),
    sa.Column('fee', columns.BIGINT, nullable=False),
    sa.Column('net', columns.BIGINT, nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('stripe_data', columns.JSON_TYPE, nullable=False),
    sa.Column('read_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.CheckConstraint('net = amount - fee', name=op.f('ck_balance_transactions_net_is_amount_less_fee')),
    sa.ForeignKeyConstraint(['transaction_id'], ['transactions.id'], name=op.f('fk_balance_transactions_transaction_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_balance_transactions'))
    )
    op.create_index(op.f('ix_balance_transactions_transaction_id'), 'balance_transactions', ['transaction_id'])

    with op.batch_alter_table('settlement_lines') as batch_op:
        batch_op.add_column(sa.Column('stripe_fee', columns.BIGINT, server_default='0', nullable=False))
        batch_op.add_column(sa.Column('platform_fee', columns.BIGINT, server_default='0', nullable=False))
        batch_op.drop_constraint(op.f('ck_settlement_lines_amount_moves'), type_='check')
        batch_op.create_check_constraint(op.f('ck_settlement_lines_amount_moves'), MOVES)
    _protect_again('settlement_lines')

    op.create_table('settlement_parts',
    sa.Column('journal_id', columns.BIGINT, autoincrement=False, nullable=False),
    sa.Column('line_id', columns.BIGINT, nullable=False),
    sa.ForeignKeyConstraint(['journal_id'], ['ledger_journals.id'], name=op.f('fk_settlement_parts_journal_id')),
    sa.ForeignKeyConstraint(['line_id'], ['settlement_lines.id'], name=op.f('fk_settlement_parts_line_id')),
    sa.PrimaryKeyConstraint('journal_id', name=op.f('pk_settlement_parts'))
    )
    op.create_index(op.f('ix_settlement_parts_line_id'), 'settlement_parts', ['line_id'])
    op.execute("""
        INSERT INTO settlement_parts (journal_id, line_id)
        SELECT j.id, l.id FROM settlement_lines l JOIN ledger_journals j ON j.key = l.key
    """)
    protect('settlement_parts')


def downgrade() -> None:
    op.drop_table('settlement_parts')

    with op.batch_alter_table('settlement_lines') as batch_op:
        batch_op.drop_constraint(op.f('ck_settlement_lines_amount_moves'), type_='check')
        batch_op.drop_column('platform_fee')
        batch_op.drop_column('stripe_fee')
        batch_op.create_check_constraint(op.f('ck_settlement_lines_amount_moves'), 'amount <> 0')
    _protect_again('settlement_lines')

    op.drop_table('balance_transactions')


def _protect_again(table: str) -> None:
    """SQLite has made the table anew, without its triggers; PostgreSQL has altered it."""
    if op.get_bind().dialect.name == 'sqlite':
        protect(table)
