"""Links to pay for what is owed already, signed.

Revision: 0027, after 0026. What was asked for before, and by the release before meanwhile, is found
by its id alone, as the links that were sent have it.
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import columns

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None
TABLE = "pay_payment_requests"


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("owed_type", columns.Key(40), nullable=True))
    op.add_column(TABLE, sa.Column("owed_id", columns.Key(40), nullable=True))
    op.add_column(
        TABLE, sa.Column("signed", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.create_index(op.f(f"{TABLE}_owed_id_idx"), TABLE, ["owed_id"])


def downgrade() -> None:
    op.drop_index(op.f(f"{TABLE}_owed_id_idx"), TABLE)
    for column in ("signed", "owed_id", "owed_type"):
        op.drop_column(TABLE, column)
