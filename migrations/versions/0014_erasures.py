"""Erasures of customers, which the history lets go of their words for; and by which trace a message
was asked for.

Revision: 0014, after 0013.
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import clock, columns

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# An entry may lose words, and nothing else: while an erasure of the customer whose it is is open.
FUNCTION = """
CREATE FUNCTION pay_refuse_change_of_history()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'data' = to_jsonb(OLD) - 'data'
       AND OLD.data @> NEW.data - 'erased'
       AND EXISTS (SELECT FROM pay_erasures AS erasure
                   WHERE erasure.id = NEW.data ->> 'erased' AND erasure.done_at IS NULL
                     AND (NEW.transaction_id IS NULL OR EXISTS (
                         SELECT FROM pay_payment_records AS record
                         WHERE record.transaction_id = NEW.transaction_id
                           AND record.role = 'customer'
                           AND record.payable_id = erasure.customer_id))) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $function$
"""
TRIGGER = """
CREATE TRIGGER pay_history_append_only BEFORE DELETE OR UPDATE ON pay_history
    FOR EACH ROW EXECUTE FUNCTION {function}()
"""
DROP_TRIGGER = "DROP TRIGGER pay_history_append_only ON pay_history"
SQLITE_TRIGGER = """
CREATE TRIGGER pay_history_refuses_update BEFORE UPDATE ON pay_history {when}
BEGIN SELECT RAISE(ABORT, 'pay_history is append-only'); END
"""
SQLITE_WHEN = """
WHEN NOT (
    NEW.id IS OLD.id AND NEW.at IS OLD.at AND NEW.kind IS OLD.kind AND NEW.what IS OLD.what
    AND NEW.actor IS OLD.actor AND NEW.transaction_id IS OLD.transaction_id
    AND NEW.subject IS OLD.subject AND NEW.cause IS OLD.cause
    AND NOT EXISTS (
        SELECT 1 FROM json_each(NEW.data) AS kept WHERE kept.key <> 'erased' AND NOT EXISTS (
            SELECT 1 FROM json_each(OLD.data) AS was
            WHERE was.key = kept.key AND was.value IS kept.value))
    AND EXISTS (
        SELECT 1 FROM pay_erasures AS erasure
        WHERE erasure.id = NEW.data ->> 'erased' AND erasure.done_at IS NULL
          AND (NEW.transaction_id IS NULL OR EXISTS (
              SELECT 1 FROM pay_payment_records AS record
              WHERE record.transaction_id = NEW.transaction_id AND record.role = 'customer'
                AND record.payable_id = erasure.customer_id))))
"""


def upgrade() -> None:
    op.create_table(
        "pay_erasures",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("customer_id", sa.String(length=40), nullable=False),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column(
            "asked_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.Column("waits_for", sa.Text(), nullable=True),
        sa.Column("done_at", columns.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_erasures_pkey")),
    )
    op.create_index(op.f("pay_erasures_customer_id_idx"), "pay_erasures", ["customer_id"])
    op.create_index(
        "pay_erasures_open_key",
        "pay_erasures",
        ["customer_id"],
        unique=True,
        postgresql_where=sa.text("done_at IS NULL"),
        sqlite_where=sa.text("done_at IS NULL"),
    )
    op.add_column("pay_outbox", sa.Column("traceparent", sa.String(length=55), nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        op.execute(FUNCTION)
        op.execute(DROP_TRIGGER)
        op.execute(TRIGGER.format(function="pay_refuse_change_of_history"))
    else:
        op.execute("DROP TRIGGER pay_history_refuses_update")
        op.execute(SQLITE_TRIGGER.format(when=SQLITE_WHEN))


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(DROP_TRIGGER)
        op.execute(TRIGGER.format(function="pay_refuse_change"))
        op.execute("DROP FUNCTION pay_refuse_change_of_history()")
    else:
        op.execute("DROP TRIGGER pay_history_refuses_update")
        op.execute(SQLITE_TRIGGER.format(when=""))
    op.drop_column("pay_outbox", "traceparent")
    op.drop_table("pay_erasures")
