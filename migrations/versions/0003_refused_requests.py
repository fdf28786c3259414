"""An index of the few payments whose requests Stripe refused by our mistake.

Revision: 0003, after 0002. Alone, since it is built outside a transaction: payments are taken
meanwhile. One that was broken off is built anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NAME = "pay_transactions_misconfigured_at_idx"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(NAME, "pay_transactions", if_exists=True, postgresql_concurrently=True)
        op.create_index(
            NAME,
            "pay_transactions",
            ["misconfigured_at"],
            postgresql_where=sa.text("misconfigured_at IS NOT NULL"),
            sqlite_where=sa.text("misconfigured_at IS NOT NULL"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    op.drop_index(NAME, "pay_transactions")
