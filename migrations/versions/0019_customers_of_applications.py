"""Customers as other applications know them, the consents by which their kept cards are charged
without them, and of each request to pay whose it is and what its buyer agrees to.

Revision: 0019, after 0018.
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import clock, columns

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

REQUESTS = "pay_payment_requests"
CUSTOMERS = "pay_application_customers"
CONSENTS = "pay_card_consents"


def upgrade() -> None:
    op.create_table(
        CUSTOMERS,
        sa.Column("id", columns.Key(length=40), nullable=False),
        sa.Column("application", columns.Key(length=40), nullable=False),
        sa.Column("reference", columns.Key(length=100), nullable=False),
        sa.Column("email", columns.Key(length=254), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column(
            "created_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"{CUSTOMERS}_pkey")),
        sa.UniqueConstraint(
            "application", "reference", name=op.f(f"{CUSTOMERS}_application_reference_key")
        ),
    )
    op.create_index(f"{CUSTOMERS}_list_idx", CUSTOMERS, ["application", "created_at", "id"])
    op.create_table(
        CONSENTS,
        sa.Column("id", columns.Key(length=40), nullable=False),
        sa.Column("customer_id", columns.Key(length=40), nullable=False),
        sa.Column("card_id", columns.Key(length=40), nullable=False),
        sa.Column("transaction_id", columns.Key(length=40), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("given_at", columns.UTCDateTime(), nullable=False),
        sa.Column("withdrawn_at", columns.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f(f"{CONSENTS}_pkey")),
        _points_to("customer_id", CUSTOMERS),
        _points_to("card_id", "pay_saved_cards"),
        _points_to("transaction_id", "pay_transactions"),
        sa.UniqueConstraint("transaction_id", name=op.f(f"{CONSENTS}_transaction_id_key")),
    )
    for column in ("customer_id", "card_id"):
        op.create_index(op.f(f"{CONSENTS}_{column}_idx"), CONSENTS, [column])
    op.add_column(REQUESTS, sa.Column("customer_id", columns.Key(length=40), nullable=True))
    op.add_column(REQUESTS, sa.Column("terms", sa.Text(), nullable=True))
    op.add_column(REQUESTS, sa.Column("terms_version", sa.String(length=20), nullable=True))


def _points_to(column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{table}.id"], name=op.f(f"{CONSENTS}_{column}_fkey")
    )


def downgrade() -> None:
    for column in ("terms_version", "terms", "customer_id"):
        op.drop_column(REQUESTS, column)
    op.drop_table(CONSENTS)
    op.drop_table(CUSTOMERS)
