"""Whose a saved card is: kept under an address, and joined once the address is proved

Revision: 0990, after 0851
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import columns

revision = "0990"
down_revision = '0989'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in a batch: on SQLite that would make the table anew, and lose its triggers.
    op.add_column(
        "transactions",
        sa.Column("customer_known", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column("saved_cards", sa.Column("joined_at", columns.UTCDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("saved_cards", "joined_at")
    op.drop_column("transactions", "customer_known")
