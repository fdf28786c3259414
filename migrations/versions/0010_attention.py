"""What is so with a payment and what needs doing, and who deals with it.

Revision: 0010, after 0009. The release before writes none of it: run `flask attention rebuild`
once all processes are of this release.
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import clock, columns

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INDEX = "pay_transactions_need_page_idx"
NEEDED = sa.text("need IS NOT NULL")


def upgrade() -> None:
    # In one piece, and there already where the index was broken off.
    if not sa.inspect(op.get_bind()).has_table("pay_work_items"):
        _add()
    with op.get_context().autocommit_block():
        op.drop_index(INDEX, "pay_transactions", if_exists=True, postgresql_concurrently=True)
        op.create_index(
            INDEX,
            "pay_transactions",
            ["created_at", "id"],
            postgresql_where=NEEDED,
            sqlite_where=NEEDED,
            postgresql_concurrently=True,
        )


def _add() -> None:
    op.create_table(
        "pay_work_items",
        sa.Column("key", columns.Key(200), nullable=False),
        sa.Column("transaction_id", columns.Key(40), nullable=True),
        sa.Column("owner", sa.String(length=80), nullable=True),
        sa.Column("taken_at", columns.UTCDateTime(), nullable=True),
        sa.Column("answer", sa.String(length=16), nullable=True),
        sa.Column("answered_by", sa.String(length=80), nullable=True),
        sa.Column("answered_at", columns.UTCDateTime(), nullable=True),
        sa.Column(
            "created_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.CheckConstraint(
            "answer IN ('done', 'not_ours')", name=op.f("pay_work_items_answer_check")
        ),
        sa.CheckConstraint(
            "(answer IS NULL) = (answered_by IS NULL)",
            name=op.f("pay_work_items_answered_check"),
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pay_work_items_pkey")),
    )
    op.create_index(op.f("pay_work_items_transaction_id_idx"), "pay_work_items", ["transaction_id"])
    for column in (
        sa.Column("card_fingerprint", columns.Key(64), nullable=True),
        sa.Column("attention", columns.JSON_TYPE, nullable=True),
        sa.Column("need", sa.String(length=24), nullable=True),
        sa.Column("need_by", columns.UTCDateTime(), nullable=True),
    ):
        op.add_column("pay_transactions", column)


def downgrade() -> None:
    op.drop_index(INDEX, "pay_transactions")
    for name in ("need_by", "need", "attention", "card_fingerprint"):
        op.drop_column("pay_transactions", name)
    op.drop_table("pay_work_items")
