"""What a merchant's receipts tell of it: address and tax id.

Revision: 0023, after 0022. The release before neither reads nor writes them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("pay_merchants", sa.Column("receipt_address", sa.Text(), nullable=True))
    op.add_column("pay_merchants", sa.Column("tax_id", sa.String(length=60), nullable=True))


def downgrade() -> None:
    op.drop_column("pay_merchants", "tax_id")
    op.drop_column("pay_merchants", "receipt_address")
