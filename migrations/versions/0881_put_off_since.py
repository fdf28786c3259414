"""Since when a message has been put off

Revision: 0881, after 0880
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import columns

revision = '0881'
down_revision = '0880'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Plain, not as a batch: what waits now counts from the next time that it is put off.
    op.add_column('outbox', sa.Column('first_put_off_at', columns.UTCDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column('outbox', 'first_put_off_at')
