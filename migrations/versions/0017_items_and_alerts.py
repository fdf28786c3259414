"""Which items a refund gives back, and which payment an alert is about.

Revision: 0017, after 0016. An alert that the release before raises meanwhile names its payment in
`data` alone: its page shows it, and the payment's timeline doesn't.
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import columns

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

INDEX = "pay_alerts_transaction_id_idx"


def upgrade() -> None:
    op.add_column("pay_refunds", sa.Column("items", columns.JSON_TYPE, nullable=True))
    op.add_column("pay_alerts", sa.Column("transaction_id", sa.String(40), nullable=True))
    op.create_index(INDEX, "pay_alerts", ["transaction_id"])
    told = "json_extract(data, '$.transaction_id')"
    if op.get_bind().dialect.name == "postgresql":
        told = "data ->> 'transaction_id'"
    op.execute(f"UPDATE pay_alerts SET transaction_id = substr({told}, 1, 40)")  # noqa: S608


def downgrade() -> None:
    op.drop_index(INDEX, "pay_alerts")
    op.drop_column("pay_alerts", "transaction_id")
    op.drop_column("pay_refunds", "items")
