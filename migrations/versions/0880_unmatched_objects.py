"""Refunds and disputes whose payment is not known here

Revision: 0880, after 0851
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import clock, columns

revision = '0880'
down_revision = '0851'
branch_labels = None
depends_on = None

OPEN = sa.text('matched_at IS NULL')


def upgrade() -> None:
    op.create_table('unmatched_objects',
    sa.Column('stripe_id', sa.String(length=255), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('account', sa.String(length=255), nullable=True),
    sa.Column('payment_intent', sa.String(length=255), nullable=True),
    sa.Column('charge', sa.String(length=255), nullable=True),
    sa.Column('stripe_data', columns.JSON_TYPE, nullable=False),
    sa.Column('found_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.Column('matched_at', columns.UTCDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('stripe_id', name=op.f('pk_unmatched_objects'))
    )
    op.create_index('ix_unmatched_objects_open', 'unmatched_objects', ['found_at'], unique=False, postgresql_where=OPEN, sqlite_where=OPEN)


def downgrade() -> None:
    op.drop_table('unmatched_objects')
