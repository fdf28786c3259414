"""What the processes of an installation subscribe to

Revision: 0911, after 0851
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import clock, columns

revision = '0911'
down_revision = '0881'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('event_subscribers',
    sa.Column('event', sa.String(length=80), nullable=False),
    sa.Column('command', sa.String(length=80), nullable=False),
    sa.Column('queue', sa.String(length=40), nullable=False),
    sa.Column('delay', sa.Double(), nullable=False),
    sa.Column('alone', sa.Boolean(), nullable=False),
    sa.Column('declared_at', columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
    sa.PrimaryKeyConstraint('event', 'command', name=op.f('pk_event_subscribers'))
    )


def downgrade() -> None:
    op.drop_table('event_subscribers')
