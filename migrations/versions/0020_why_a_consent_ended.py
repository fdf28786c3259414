"""Why the consent to charge a kept card ended.

Revision: 0020, after 0019.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("pay_card_consents", sa.Column("ended_why", sa.String(16), nullable=True))


def downgrade() -> None:
    op.drop_column("pay_card_consents", "ended_why")
