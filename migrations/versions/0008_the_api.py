"""Payment requests, and the API keys of other applications.

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import clock, columns

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pay_payment_requests",
        sa.Column("id", columns.Key(length=40), nullable=False),
        sa.Column("amount", columns.BIGINT, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("reference", columns.Key(length=200), nullable=True),
        sa.Column("email", columns.Key(length=254), nullable=True),
        sa.Column("line_items", columns.JSON_TYPE, nullable=False),
        sa.Column("metadata", columns.JSON_TYPE, nullable=False),
        sa.Column("return_url", columns.Key(length=2000), nullable=True),
        sa.Column("cancel_url", columns.Key(length=2000), nullable=True),
        sa.Column("save_card", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("expires_at", columns.UTCDateTime(), nullable=True),
        sa.Column("canceled_at", columns.UTCDateTime(), nullable=True),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("idempotency_key", columns.Key(length=64), nullable=True),
        sa.Column("fingerprint", columns.Key(length=64), nullable=True),
        _now("created_at"),
        sa.CheckConstraint("amount > 0", name=op.f("pay_payment_requests_amount_positive_check")),
        sa.CheckConstraint(
            "lower(currency) = currency AND length(currency) = 3",
            name=op.f("pay_payment_requests_currency_check"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_payment_requests_pkey")),
        sa.UniqueConstraint(
            "idempotency_key", name=op.f("pay_payment_requests_idempotency_key_key")
        ),
    )
    op.create_index(
        "pay_payment_requests_created_at_id_idx", "pay_payment_requests", ["created_at", "id"]
    )
    op.create_index(
        op.f("pay_payment_requests_reference_idx"), "pay_payment_requests", ["reference"]
    )
    op.create_table(
        "pay_api_keys",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("scopes", columns.JSON_TYPE, nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("ends_in", sa.String(length=4), nullable=False),
        sa.Column("old_secret_hash", columns.Key(length=64), nullable=True),
        sa.Column("old_secret_until", columns.UTCDateTime(), nullable=True),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        _now("created_at"),
        sa.Column("used_at", columns.UTCDateTime(), nullable=True),
        sa.Column("revoked_at", columns.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_api_keys_pkey")),
        sa.UniqueConstraint("secret_hash", name=op.f("pay_api_keys_secret_hash_key")),
        sa.UniqueConstraint("old_secret_hash", name=op.f("pay_api_keys_old_secret_hash_key")),
    )


def downgrade() -> None:
    op.drop_table("pay_api_keys")
    op.drop_table("pay_payment_requests")


def _now(name: str) -> sa.Column[object]:
    return sa.Column(
        name, columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
    )
