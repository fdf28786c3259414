"""What the bank is answered in a dispute, and the files that go with it; what the search asks by; and queues
that a person paused.

Revision: 0015, after 0014.
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import clock, columns

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


# The words of a customer's address and name, and PostgreSQL's alone.
WORDS_INDEX = "pay_customers_words_idx"
WORDS = (
    "to_tsvector('simple'::regconfig, translate(email::text || ' ' || "
    "coalesce(name, '')::text, '@.+-_', '     '))"
)
INDEXES = (
    ("pay_history_request_idx", "pay_history", ["(data ->> 'request_id')", "id"]),
    ("pay_transactions_fingerprint_idx", "pay_transactions", ["card_fingerprint", "created_at"]),
)


def upgrade() -> None:
    # In one piece, and there already where an index was broken off.
    if not sa.inspect(op.get_bind()).has_table("pay_dispute_answers"):
        _add_tables()
    with op.get_context().autocommit_block():
        for name, table, (first, *others) in INDEXES:
            present = sa.text(f"{first} IS NOT NULL")
            op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)
            op.create_index(
                name,
                table,
                [sa.text(first), *others],
                postgresql_where=present,
                sqlite_where=present,
                postgresql_concurrently=True,
            )
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {WORDS_INDEX}")
            op.execute(
                f"CREATE INDEX CONCURRENTLY {WORDS_INDEX} ON pay_customers USING gin ({WORDS})"
            )


def _add_tables() -> None:
    op.create_table(
        "pay_dispute_answers",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("dispute_id", sa.String(length=40), nullable=False),
        sa.Column("to_state", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("evidence", columns.JSON_TYPE, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kept_revision", sa.Integer(), nullable=False),
        sa.Column("sends", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("saved_by", sa.String(length=80), nullable=False),
        sa.Column(
            "saved_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.Column("submitted_by", sa.String(length=80), nullable=True),
        sa.Column("submitted_at", columns.UTCDateTime(), nullable=True),
        sa.Column("called_at", columns.UTCDateTime(), nullable=True),
        sa.Column("sent_at", columns.UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft', 'sending', 'sent')", name=op.f("pay_dispute_answers_state_check")
        ),
        sa.CheckConstraint(
            "state = 'draft' OR submitted_by IS NOT NULL",
            name=op.f("pay_dispute_answers_submitted_check"),
        ),
        sa.CheckConstraint(
            "(state = 'sent') = (sent_at IS NOT NULL)", name=op.f("pay_dispute_answers_sent_check")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_dispute_answers_pkey")),
        sa.ForeignKeyConstraint(
            ["dispute_id"], ["pay_disputes.id"], name=op.f("pay_dispute_answers_dispute_id_fkey")
        ),
        sa.UniqueConstraint(
            "dispute_id", "to_state", name=op.f("pay_dispute_answers_dispute_id_to_state_key")
        ),
    )
    op.create_table(
        "pay_dispute_files",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("dispute_id", sa.String(length=40), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("filename", sa.String(length=120), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("stripe_file_id", sa.String(length=255), nullable=True),
        sa.Column("added_by", sa.String(length=80), nullable=False),
        sa.Column(
            "created_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.CheckConstraint("size > 0", name=op.f("pay_dispute_files_size_positive_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_dispute_files_pkey")),
        sa.ForeignKeyConstraint(
            ["dispute_id"], ["pay_disputes.id"], name=op.f("pay_dispute_files_dispute_id_fkey")
        ),
        sa.UniqueConstraint(
            "dispute_id", "field", name=op.f("pay_dispute_files_dispute_id_field_key")
        ),
    )


    op.create_table(
        "pay_paused_queues",
        sa.Column("queue", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("paused_by", sa.String(length=80), nullable=False),
        sa.Column(
            "paused_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.PrimaryKeyConstraint("queue", name=op.f("pay_paused_queues_pkey")),
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index(WORDS_INDEX, "pay_customers")
    for name, table, _ in INDEXES:
        op.drop_index(name, table)
    op.drop_table("pay_paused_queues")
    op.drop_table("pay_dispute_files")
    op.drop_table("pay_dispute_answers")
