"""All tables, with names that can live beside those of a host's own tables.

Revision: 0001, the first
"""

import sqlalchemy as sa
from alembic import op

from payments_app.core.db import clock, columns

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# What the tables themselves refuse or count, on PostgreSQL.
FUNCTIONS = (
    """
CREATE OR REPLACE FUNCTION pay_count_payments()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO pay_payment_deltas (at, currency, state, reason, count, amount)
        SELECT at, currency, state, reason, sum(n), sum(amount)
        FROM (SELECT date_bin('15 minutes', created_at, '2000-01-01 00:00:00+00') AS at, currency, state, CASE WHEN state = 'failed' THEN substr(coalesce(error ->> 'decline_code', error_code, 'unknown'), 1, 100) ELSE '' END AS reason, 1 AS n, (CASE WHEN state = 'complete' THEN coalesce(amount_received, amount) ELSE amount END) AS amount FROM added) AS changes GROUP BY 1, 2, 3, 4;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO pay_payment_deltas (at, currency, state, reason, count, amount)
        SELECT at, currency, state, reason, sum(n), sum(amount)
        FROM (SELECT date_bin('15 minutes', created_at, '2000-01-01 00:00:00+00') AS at, currency, state, CASE WHEN state = 'failed' THEN substr(coalesce(error ->> 'decline_code', error_code, 'unknown'), 1, 100) ELSE '' END AS reason, -1 AS n, -(CASE WHEN state = 'complete' THEN coalesce(amount_received, amount) ELSE amount END) AS amount FROM removed) AS changes GROUP BY 1, 2, 3, 4;
    ELSE
        -- What did not change cancels out.
        INSERT INTO pay_payment_deltas (at, currency, state, reason, count, amount)
        SELECT at, currency, state, reason, sum(n), sum(amount)
        FROM (SELECT date_bin('15 minutes', created_at, '2000-01-01 00:00:00+00') AS at, currency, state, CASE WHEN state = 'failed' THEN substr(coalesce(error ->> 'decline_code', error_code, 'unknown'), 1, 100) ELSE '' END AS reason, -1 AS n, -(CASE WHEN state = 'complete' THEN coalesce(amount_received, amount) ELSE amount END) AS amount FROM removed UNION ALL SELECT date_bin('15 minutes', created_at, '2000-01-01 00:00:00+00') AS at, currency, state, CASE WHEN state = 'failed' THEN substr(coalesce(error ->> 'decline_code', error_code, 'unknown'), 1, 100) ELSE '' END AS reason, 1 AS n, (CASE WHEN state = 'complete' THEN coalesce(amount_received, amount) ELSE amount END) AS amount FROM added) AS changes
        GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0 OR sum(amount) <> 0;
    END IF;
    RETURN NULL;
END $function$
""",
    """
CREATE OR REPLACE FUNCTION pay_ledger_balanced()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
DECLARE
    journal bigint;
    entries bigint;
    total numeric;
BEGIN
    journal := CASE TG_TABLE_NAME WHEN 'pay_ledger_journals' THEN (to_jsonb(NEW)->>'id')::bigint
                                  ELSE (to_jsonb(NEW)->>'journal_id')::bigint END;
    SELECT count(*), coalesce(sum(CASE side WHEN 'debit' THEN amount ELSE -amount END), 0)
      INTO entries, total FROM pay_ledger_entries WHERE journal_id = journal;
    IF entries = 0 OR total <> 0 THEN
        RAISE EXCEPTION 'ledger journal % does not sum to zero', journal
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $function$
""",
    """
CREATE OR REPLACE FUNCTION pay_refunds_within_capture()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
DECLARE
    captured bigint;
    refunded numeric;
BEGIN
    IF NEW.state IN ('failed', 'canceled') THEN
        RETURN NEW;
    END IF;
    SELECT coalesce(amount_received, amount) INTO captured FROM pay_transactions WHERE id = NEW.transaction_id FOR UPDATE;
    SELECT coalesce(sum(amount), 0) INTO refunded FROM pay_refunds
     WHERE transaction_id = NEW.transaction_id AND id <> NEW.id
       AND state NOT IN ('failed', 'canceled');
    IF refunded + NEW.amount > captured THEN
        RAISE EXCEPTION 'refunds of % exceed its capture', NEW.transaction_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $function$
""",
    """
CREATE OR REPLACE FUNCTION pay_refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $function$
""",
)
TRIGGERS = (
    """
CREATE TRIGGER pay_count_payments_delete AFTER DELETE ON pay_transactions REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION pay_count_payments()
""",
    """
CREATE TRIGGER pay_count_payments_insert AFTER INSERT ON pay_transactions REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION pay_count_payments()
""",
    """
CREATE TRIGGER pay_count_payments_update AFTER UPDATE ON pay_transactions REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION pay_count_payments()
""",
    """
CREATE TRIGGER pay_history_append_only BEFORE DELETE OR UPDATE ON pay_history FOR EACH ROW EXECUTE FUNCTION pay_refuse_change()
""",
    """
CREATE TRIGGER pay_ledger_entries_append_only BEFORE DELETE OR UPDATE ON pay_ledger_entries FOR EACH ROW EXECUTE FUNCTION pay_refuse_change()
""",
    """
CREATE CONSTRAINT TRIGGER pay_ledger_entries_balanced AFTER INSERT ON pay_ledger_entries DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION pay_ledger_balanced()
""",
    """
CREATE TRIGGER pay_ledger_journals_append_only BEFORE DELETE OR UPDATE ON pay_ledger_journals FOR EACH ROW EXECUTE FUNCTION pay_refuse_change()
""",
    """
CREATE CONSTRAINT TRIGGER pay_ledger_journals_balanced AFTER INSERT ON pay_ledger_journals DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION pay_ledger_balanced()
""",
    """
CREATE TRIGGER pay_refunds_within_capture BEFORE INSERT OR UPDATE ON pay_refunds FOR EACH ROW EXECUTE FUNCTION pay_refunds_within_capture()
""",
    """
CREATE TRIGGER pay_settlement_lines_append_only BEFORE DELETE OR UPDATE ON pay_settlement_lines FOR EACH ROW EXECUTE FUNCTION pay_refuse_change()
""",
    """
CREATE TRIGGER pay_settlement_parts_append_only BEFORE DELETE OR UPDATE ON pay_settlement_parts FOR EACH ROW EXECUTE FUNCTION pay_refuse_change()
""",
)
# The same on SQLite.
SQLITE_TRIGGERS = (
    """
CREATE TRIGGER pay_count_payments_delete AFTER DELETE ON pay_transactions BEGIN INSERT INTO pay_payment_deltas (at, currency, state, reason, count, amount) VALUES (OLD.created_at, OLD.currency, OLD.state, CASE WHEN OLD.state = 'failed' THEN substr(coalesce(OLD.error ->> 'decline_code', OLD.error_code, 'unknown'), 1, 100) ELSE '' END, -1, -(CASE WHEN OLD.state = 'complete' THEN coalesce(OLD.amount_received, OLD.amount) ELSE OLD.amount END));  END
""",
    """
CREATE TRIGGER pay_count_payments_insert AFTER INSERT ON pay_transactions BEGIN  INSERT INTO pay_payment_deltas (at, currency, state, reason, count, amount) VALUES (NEW.created_at, NEW.currency, NEW.state, CASE WHEN NEW.state = 'failed' THEN substr(coalesce(NEW.error ->> 'decline_code', NEW.error_code, 'unknown'), 1, 100) ELSE '' END, 1, (CASE WHEN NEW.state = 'complete' THEN coalesce(NEW.amount_received, NEW.amount) ELSE NEW.amount END)); END
""",
    """
CREATE TRIGGER pay_count_payments_update AFTER UPDATE OF created_at, currency, state, amount, error, error_code, amount_received ON pay_transactions BEGIN INSERT INTO pay_payment_deltas (at, currency, state, reason, count, amount) VALUES (OLD.created_at, OLD.currency, OLD.state, CASE WHEN OLD.state = 'failed' THEN substr(coalesce(OLD.error ->> 'decline_code', OLD.error_code, 'unknown'), 1, 100) ELSE '' END, -1, -(CASE WHEN OLD.state = 'complete' THEN coalesce(OLD.amount_received, OLD.amount) ELSE OLD.amount END)); INSERT INTO pay_payment_deltas (at, currency, state, reason, count, amount) VALUES (NEW.created_at, NEW.currency, NEW.state, CASE WHEN NEW.state = 'failed' THEN substr(coalesce(NEW.error ->> 'decline_code', NEW.error_code, 'unknown'), 1, 100) ELSE '' END, 1, (CASE WHEN NEW.state = 'complete' THEN coalesce(NEW.amount_received, NEW.amount) ELSE NEW.amount END)); END
""",
    """
CREATE TRIGGER pay_history_refuses_delete BEFORE DELETE ON pay_history BEGIN SELECT RAISE(ABORT, 'pay_history is append-only'); END
""",
    """
CREATE TRIGGER pay_history_refuses_update BEFORE UPDATE ON pay_history BEGIN SELECT RAISE(ABORT, 'pay_history is append-only'); END
""",
    """
CREATE TRIGGER pay_ledger_entries_refuses_delete BEFORE DELETE ON pay_ledger_entries BEGIN SELECT RAISE(ABORT, 'pay_ledger_entries is append-only'); END
""",
    """
CREATE TRIGGER pay_ledger_entries_refuses_update BEFORE UPDATE ON pay_ledger_entries BEGIN SELECT RAISE(ABORT, 'pay_ledger_entries is append-only'); END
""",
    """
CREATE TRIGGER pay_ledger_journals_refuses_delete BEFORE DELETE ON pay_ledger_journals BEGIN SELECT RAISE(ABORT, 'pay_ledger_journals is append-only'); END
""",
    """
CREATE TRIGGER pay_ledger_journals_refuses_update BEFORE UPDATE ON pay_ledger_journals BEGIN SELECT RAISE(ABORT, 'pay_ledger_journals is append-only'); END
""",
    """
CREATE TRIGGER pay_refunds_within_capture_INSERT BEFORE INSERT ON pay_refunds
WHEN NEW.state NOT IN ('failed', 'canceled')
BEGIN
    SELECT RAISE(ABORT, 'refunds exceed the capture')
     WHERE NEW.amount + (
         SELECT coalesce(sum(amount), 0) FROM pay_refunds
          WHERE transaction_id = NEW.transaction_id AND id <> NEW.id
            AND state NOT IN ('failed', 'canceled')
     ) > (SELECT coalesce(amount_received, amount) FROM pay_transactions WHERE id = NEW.transaction_id);
END
""",
    """
CREATE TRIGGER pay_refunds_within_capture_UPDATE BEFORE UPDATE ON pay_refunds
WHEN NEW.state NOT IN ('failed', 'canceled')
BEGIN
    SELECT RAISE(ABORT, 'refunds exceed the capture')
     WHERE NEW.amount + (
         SELECT coalesce(sum(amount), 0) FROM pay_refunds
          WHERE transaction_id = NEW.transaction_id AND id <> NEW.id
            AND state NOT IN ('failed', 'canceled')
     ) > (SELECT coalesce(amount_received, amount) FROM pay_transactions WHERE id = NEW.transaction_id);
END
""",
    """
CREATE TRIGGER pay_settlement_lines_refuses_delete BEFORE DELETE ON pay_settlement_lines BEGIN SELECT RAISE(ABORT, 'pay_settlement_lines is append-only'); END
""",
    """
CREATE TRIGGER pay_settlement_lines_refuses_update BEFORE UPDATE ON pay_settlement_lines BEGIN SELECT RAISE(ABORT, 'pay_settlement_lines is append-only'); END
""",
    """
CREATE TRIGGER pay_settlement_parts_refuses_delete BEFORE DELETE ON pay_settlement_parts BEGIN SELECT RAISE(ABORT, 'pay_settlement_parts is append-only'); END
""",
    """
CREATE TRIGGER pay_settlement_parts_refuses_update BEFORE UPDATE ON pay_settlement_parts BEGIN SELECT RAISE(ABORT, 'pay_settlement_parts is append-only'); END
""",
)


def upgrade() -> None:
    op.create_table(
        "pay_alerts",
        sa.Column("id", columns.BIGINT, nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("data", columns.JSON_TYPE, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column(
            "first_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.Column(
            "last_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.Column("delivered_at", columns.UTCDateTime(), nullable=True),
        sa.Column("acknowledged_at", columns.UTCDateTime(), nullable=True),
        sa.Column("acknowledged_by", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_alerts_pkey")),
    )
    with op.batch_alter_table("pay_alerts", schema=None) as batch_op:
        batch_op.create_index(
            "pay_alerts_open_key_key",
            ["key"],
            unique=True,
            postgresql_where=sa.text("acknowledged_at IS NULL"),
            sqlite_where=sa.text("acknowledged_at IS NULL"),
        )

    op.create_table(
        "pay_breakers",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("times_opened", sa.Integer(), nullable=False),
        sa.Column("open_until", columns.UTCDateTime(), nullable=True),
        sa.Column(
            "changed_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pay_breakers_pkey")),
    )
    op.create_table(
        "pay_customers",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("stripe_customer_id", sa.String(length=255), nullable=True),
        sa.Column("default_payment_method_id", sa.String(length=255), nullable=True),
        sa.Column("payment_status", sa.String(length=24), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "created_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.CheckConstraint(
            "payment_status IN ('declined', 'insufficient_funds', 'payment_failed')",
            name=op.f("pay_customers_payment_status_check"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_customers_pkey")),
        sa.UniqueConstraint("email", name=op.f("pay_customers_email_key")),
        sa.UniqueConstraint(
            "stripe_customer_id", name=op.f("pay_customers_stripe_customer_id_key")
        ),
    )
    op.create_table(
        "pay_daily_payments",
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=100), nullable=False),
        sa.Column("count", columns.BIGINT, nullable=False),
        sa.Column("amount", columns.BIGINT, nullable=False),
        sa.PrimaryKeyConstraint(
            "zone", "day", "currency", "state", "reason", name=op.f("pay_daily_payments_pkey")
        ),
    )
    with op.batch_alter_table("pay_daily_payments", schema=None) as batch_op:
        batch_op.create_index("pay_daily_payments_day_idx", ["day"], unique=False)

    op.create_table(
        "pay_digital_products",
        sa.Column(
            "id",
            columns.BIGINT,
            sa.Identity(always=False),
            sa.Identity(always=False),
            nullable=False,
        ),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("amount", columns.BIGINT, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("filename", sa.String(length=120), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "amount >= 0", name=op.f("pay_digital_products_amount_not_negative_check")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_digital_products_pkey")),
        sa.UniqueConstraint("slug", name=op.f("pay_digital_products_slug_key")),
    )
    op.create_table(
        "pay_event_subscribers",
        sa.Column("event", sa.String(length=80), nullable=False),
        sa.Column("command", sa.String(length=80), nullable=False),
        sa.Column("queue", sa.String(length=40), nullable=False),
        sa.Column("delay", sa.Double(), nullable=False),
        sa.Column("unique_while_open", sa.Boolean(), nullable=False),
        sa.Column(
            "declared_at",
            columns.UTCDateTime(),
            server_default=clock.database_now(),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("event", "command", name=op.f("pay_event_subscribers_pkey")),
    )
    op.create_table(
        "pay_job_counters",
        sa.Column("queue", sa.String(length=40), nullable=False),
        sa.Column("command", sa.String(length=80), nullable=False),
        sa.Column("retries", columns.BIGINT, nullable=False),
        sa.Column("put_off", columns.BIGINT, nullable=False),
        sa.Column("deaths", columns.BIGINT, nullable=False),
        sa.PrimaryKeyConstraint("queue", "command", name=op.f("pay_job_counters_pkey")),
    )
    op.create_table(
        "pay_merchants",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("timezone", sa.String(length=60), nullable=False),
        sa.Column("cutoff", sa.Integer(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column(
            "created_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.CheckConstraint(
            "cutoff BETWEEN 0 AND 1439", name=op.f("pay_merchants_cutoff_within_a_day_check")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_merchants_pkey")),
    )
    with op.batch_alter_table("pay_merchants", schema=None) as batch_op:
        batch_op.create_index(
            "pay_merchants_default_key",
            ["is_default"],
            unique=True,
            postgresql_where=sa.text("is_default"),
            sqlite_where=sa.text("is_default"),
        )

    op.create_table(
        "pay_outbox",
        sa.Column("id", columns.BIGINT, nullable=False),
        sa.Column("queue", sa.String(length=40), nullable=False),
        sa.Column("command", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("dedupe_key", sa.String(length=200), nullable=False),
        sa.Column("unique_key", sa.String(length=200), nullable=True),
        sa.Column(
            "created_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.Column(
            "available_at",
            columns.UTCDateTime(),
            server_default=clock.database_now(),
            nullable=False,
        ),
        sa.Column("leased_until", columns.UTCDateTime(), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("first_put_off_at", columns.UTCDateTime(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("done_at", columns.UTCDateTime(), nullable=True),
        sa.Column("dead_at", columns.UTCDateTime(), nullable=True),
        sa.Column("discarded_at", columns.UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "discarded_at IS NULL OR dead_at IS NOT NULL",
            name=op.f("pay_outbox_discarded_is_dead_check"),
        ),
        sa.CheckConstraint(
            "done_at IS NULL OR dead_at IS NULL", name=op.f("pay_outbox_one_end_check")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_outbox_pkey")),
        sa.UniqueConstraint("dedupe_key", name=op.f("pay_outbox_dedupe_key_key")),
    )
    with op.batch_alter_table("pay_outbox", schema=None) as batch_op:
        batch_op.create_index(
            "pay_outbox_dead_idx",
            ["id"],
            unique=False,
            postgresql_where=sa.text("dead_at IS NOT NULL"),
            sqlite_where=sa.text("dead_at IS NOT NULL"),
        )
        batch_op.create_index("pay_outbox_done_at_idx", ["done_at"], unique=False)
        batch_op.create_index(
            "pay_outbox_due_idx",
            ["queue", "available_at"],
            unique=False,
            postgresql_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
            sqlite_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
        )
        batch_op.create_index(
            "pay_outbox_open_unique_key_key",
            ["unique_key"],
            unique=True,
            postgresql_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
            sqlite_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
        )
        batch_op.create_index("pay_outbox_subject_idx", ["subject", "command"], unique=False)

    op.create_table(
        "pay_payment_deltas",
        sa.Column("id", columns.BIGINT, nullable=False),
        sa.Column("at", columns.UTCDateTime(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=100), nullable=False),
        sa.Column("count", columns.BIGINT, nullable=False),
        sa.Column("amount", columns.BIGINT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_payment_deltas_pkey")),
    )
    op.create_table(
        "pay_plans",
        sa.Column(
            "id",
            columns.BIGINT,
            sa.Identity(always=False),
            sa.Identity(always=False),
            nullable=False,
        ),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("amount", columns.BIGINT, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("interval", sa.String(length=8), nullable=False),
        sa.Column("trial_days", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "\"interval\" IN ('week', 'month', 'year')", name=op.f("pay_plans_interval_check")
        ),
        sa.CheckConstraint("amount >= 0", name=op.f("pay_plans_amount_not_negative_check")),
        sa.CheckConstraint("trial_days >= 0", name=op.f("pay_plans_trial_not_negative_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_plans_pkey")),
        sa.UniqueConstraint("slug", name=op.f("pay_plans_slug_key")),
    )
    op.create_table(
        "pay_reconcile_runs",
        sa.Column("id", columns.BIGINT, nullable=False),
        sa.Column("since", columns.UTCDateTime(), nullable=False),
        sa.Column("until", columns.UTCDateTime(), nullable=False),
        sa.Column(
            "started_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.Column("finished_at", columns.UTCDateTime(), nullable=True),
        sa.Column("intents", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_reconcile_runs_pkey")),
    )
    with op.batch_alter_table("pay_reconcile_runs", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("pay_reconcile_runs_started_at_idx"), ["started_at"], unique=False
        )

    op.create_table(
        "pay_sign_in_tries",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column(
            "since", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.PrimaryKeyConstraint("account", name=op.f("pay_sign_in_tries_pkey")),
    )
    op.create_table(
        "pay_staff",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("session_version", sa.Integer(), nullable=False),
        sa.Column(
            "created_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.CheckConstraint(
            "role IN ('viewer', 'support', 'refunder', 'exporter', 'admin')",
            name=op.f("pay_staff_role_check"),
        ),
        sa.CheckConstraint("lower(email) = email", name=op.f("pay_staff_email_lower_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_staff_pkey")),
        sa.UniqueConstraint("email", name=op.f("pay_staff_email_key")),
    )
    op.create_table(
        "pay_transactions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("phase", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("amount", columns.BIGINT, nullable=False),
        sa.Column("amount_received", columns.BIGINT, nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("idempotency_key", sa.String(length=300), nullable=True),
        sa.Column("fingerprint", sa.String(length=64), nullable=True),
        sa.Column("buyer", sa.String(length=64), nullable=True),
        sa.Column("confirmation_token", sa.String(length=255), nullable=True),
        sa.Column("payment_method", sa.String(length=255), nullable=True),
        sa.Column("stripe_customer_id", sa.String(length=255), nullable=True),
        sa.Column("off_session", sa.Boolean(), nullable=False),
        sa.Column("save_card", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("customer_known", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("parameters", columns.JSON_TYPE, nullable=True),
        sa.Column("create_sent_at", columns.UTCDateTime(), nullable=True),
        sa.Column("confirm_sent_at", columns.UTCDateTime(), nullable=True),
        sa.Column("stripe_payment_id", sa.String(length=255), nullable=True),
        sa.Column("stripe_status", sa.String(length=40), nullable=True),
        sa.Column("client_secret", sa.String(length=255), nullable=True),
        sa.Column("stripe_data", columns.JSON_TYPE, nullable=True),
        sa.Column("error", columns.JSON_TYPE, nullable=True),
        sa.Column("error_code", sa.String(length=100), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("card_brand", sa.String(length=24), nullable=True),
        sa.Column("card_last4", sa.String(length=4), nullable=True),
        sa.Column("receipt_url", sa.Text(), nullable=True),
        sa.Column("statement_descriptor", sa.String(length=40), nullable=True),
        sa.Column("connected_account_id", sa.String(length=255), nullable=True),
        sa.Column("charge_type", sa.String(length=16), nullable=True),
        sa.Column("platform_fee", columns.BIGINT, nullable=True),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column(
            "created_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.Column(
            "updated_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.Column(
            "phase_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.Column("ended_at", columns.UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "(state = 'pending' AND phase IN ('created', 'processing', 'requires_action', 'awaiting_bank', 'unknown')) OR (state = 'complete' AND phase = 'complete') OR (state = 'failed' AND phase IN ('failed', 'canceled'))",
            name=op.f("pay_transactions_state_of_phase_check"),
        ),
        sa.CheckConstraint(
            "amount_received IS NULL OR (state = 'complete' AND amount_received >= 0 AND amount_received <= amount)",
            name=op.f("pay_transactions_amount_received_check"),
        ),
        sa.CheckConstraint("amount >= 0", name=op.f("pay_transactions_amount_not_negative_check")),
        sa.CheckConstraint(
            "lower(currency) = currency AND length(currency) = 3",
            name=op.f("pay_transactions_currency_check"),
        ),
        sa.CheckConstraint(
            "platform_fee IS NULL OR platform_fee >= 0",
            name=op.f("pay_transactions_fee_not_negative_check"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_transactions_pkey")),
        sa.UniqueConstraint("idempotency_key", name=op.f("pay_transactions_idempotency_key_key")),
        sa.UniqueConstraint(
            "stripe_payment_id", name=op.f("pay_transactions_stripe_payment_id_key")
        ),
    )
    with op.batch_alter_table("pay_transactions", schema=None) as batch_op:
        batch_op.create_index(
            "pay_transactions_amount_page_idx", ["amount", "created_at", "id"], unique=False
        )
        batch_op.create_index(
            "pay_transactions_charge_idx",
            [sa.literal_column("((stripe_data -> 'latest_charge') ->> 'id')"), "created_at", "id"],
            unique=False,
        )
        batch_op.create_index(
            "pay_transactions_created_at_id_idx", ["created_at", "id"], unique=False
        )
        batch_op.create_index(
            "pay_transactions_currency_page_idx", ["currency", "created_at", "id"], unique=False
        )
        batch_op.create_index(
            "pay_transactions_email_page_idx",
            [sa.literal_column("lower(email)"), "created_at", "id"],
            unique=False,
        )
        batch_op.create_index(
            "pay_transactions_last4_page_idx", ["card_last4", "created_at", "id"], unique=False
        )
        batch_op.create_index(
            "pay_transactions_phase_page_idx", ["phase", "created_at", "id"], unique=False
        )
        batch_op.create_index(
            "pay_transactions_reason_page_idx",
            [
                sa.literal_column("coalesce(error ->> 'decline_code', error_code)"),
                "created_at",
                "id",
            ],
            unique=False,
        )
        batch_op.create_index(
            "pay_transactions_received_page_idx",
            ["amount_received", "created_at", "id"],
            unique=False,
            postgresql_where=sa.text("amount_received < amount"),
            sqlite_where=sa.text("amount_received < amount"),
        )
        batch_op.create_index(
            "pay_transactions_reference_idx",
            [sa.literal_column("substr(id, 23)"), "created_at", "id"],
            unique=False,
        )
        batch_op.create_index(
            "pay_transactions_state_page_idx", ["state", "created_at", "id"], unique=False
        )
        batch_op.create_index(
            "pay_transactions_stripe_customer_id_idx", ["stripe_customer_id"], unique=False
        )

    op.create_table(
        "pay_unmatched_objects",
        sa.Column("stripe_id", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("account", sa.String(length=255), nullable=True),
        sa.Column("payment_intent", sa.String(length=255), nullable=True),
        sa.Column("charge", sa.String(length=255), nullable=True),
        sa.Column("stripe_data", columns.JSON_TYPE, nullable=False),
        sa.Column(
            "found_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.Column("matched_at", columns.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("stripe_id", name=op.f("pay_unmatched_objects_pkey")),
    )
    with op.batch_alter_table("pay_unmatched_objects", schema=None) as batch_op:
        batch_op.create_index(
            "pay_unmatched_objects_open_idx",
            ["found_at"],
            unique=False,
            postgresql_where=sa.text("matched_at IS NULL"),
            sqlite_where=sa.text("matched_at IS NULL"),
        )

    op.create_table(
        "pay_balance_transactions",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("transaction_id", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("account", sa.String(length=255), nullable=True),
        sa.Column("type", sa.String(length=60), nullable=False),
        sa.Column("amount", columns.BIGINT, nullable=False),
        sa.Column("fee", columns.BIGINT, nullable=False),
        sa.Column("net", columns.BIGINT, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("stripe_data", columns.JSON_TYPE, nullable=False),
        sa.Column(
            "read_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.CheckConstraint(
            "net = amount - fee", name=op.f("pay_balance_transactions_net_is_amount_less_fee_check")
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["pay_transactions.id"],
            name=op.f("pay_balance_transactions_transaction_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_balance_transactions_pkey")),
    )
    with op.batch_alter_table("pay_balance_transactions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("pay_balance_transactions_transaction_id_idx"),
            ["transaction_id"],
            unique=False,
        )

    op.create_table(
        "pay_connected_accounts",
        sa.Column("merchant_id", sa.String(length=40), nullable=False),
        sa.Column("charge_type", sa.String(length=16), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("stripe_account_id", sa.String(length=255), nullable=True),
        sa.Column("details_submitted", sa.Boolean(), nullable=False),
        sa.Column("charges_enabled", sa.Boolean(), nullable=False),
        sa.Column("transfers_enabled", sa.Boolean(), nullable=False),
        sa.Column("payouts_enabled", sa.Boolean(), nullable=False),
        sa.Column("requirements", columns.JSON_TYPE, nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("link_url", sa.Text(), nullable=True),
        sa.Column("link_expires_at", columns.UTCDateTime(), nullable=True),
        sa.Column("deauthorized_at", columns.UTCDateTime(), nullable=True),
        sa.Column("refreshed_at", columns.UTCDateTime(), nullable=True),
        sa.Column(
            "created_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.CheckConstraint(
            "charge_type IN ('destination', 'direct')",
            name=op.f("pay_connected_accounts_charge_type_check"),
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id"],
            ["pay_merchants.id"],
            name=op.f("pay_connected_accounts_merchant_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("merchant_id", name=op.f("pay_connected_accounts_pkey")),
        sa.UniqueConstraint(
            "stripe_account_id", name=op.f("pay_connected_accounts_stripe_account_id_key")
        ),
    )
    op.create_table(
        "pay_digital_purchases",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("product_id", columns.BIGINT, nullable=False),
        sa.Column("customer_id", sa.String(length=40), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("amount", columns.BIGINT, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("delivered_at", columns.UTCDateTime(), nullable=True),
        sa.Column("downloads", sa.Integer(), nullable=False),
        sa.Column(
            "created_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.CheckConstraint(
            "(status = 'paid') = (delivered_at IS NOT NULL)",
            name=op.f("pay_digital_purchases_delivered_at_check"),
        ),
        sa.CheckConstraint(
            "status IN ('open', 'paid', 'payment_failed')",
            name=op.f("pay_digital_purchases_status_check"),
        ),
        sa.CheckConstraint(
            "amount >= 0", name=op.f("pay_digital_purchases_amount_not_negative_check")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["pay_customers.id"],
            name=op.f("pay_digital_purchases_customer_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["pay_digital_products.id"],
            name=op.f("pay_digital_purchases_product_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_digital_purchases_pkey")),
    )
    with op.batch_alter_table("pay_digital_purchases", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("pay_digital_purchases_customer_id_idx"), ["customer_id"], unique=False
        )

    op.create_table(
        "pay_disputes",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("stripe_dispute_id", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("funds", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("amount", columns.BIGINT, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("due_by", columns.UTCDateTime(), nullable=True),
        sa.Column("has_evidence", sa.Boolean(), nullable=False),
        sa.Column("refundable", sa.Boolean(), nullable=False),
        sa.Column("stripe_data", columns.JSON_TYPE, nullable=False),
        sa.Column("opened_at", columns.UTCDateTime(), nullable=False),
        sa.Column(
            "updated_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.Column("transaction_id", sa.String(length=40), nullable=False),
        sa.Column("payment_created_at", columns.UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "funds IN ('none', 'withdrawn', 'reinstated')", name=op.f("pay_disputes_funds_check")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("pay_disputes_amount_positive_check")),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["pay_transactions.id"],
            name=op.f("pay_disputes_transaction_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_disputes_pkey")),
        sa.UniqueConstraint("stripe_dispute_id", name=op.f("pay_disputes_stripe_dispute_id_key")),
    )
    with op.batch_alter_table("pay_disputes", schema=None) as batch_op:
        batch_op.create_index("pay_disputes_opened_at_id_idx", ["opened_at", "id"], unique=False)
        batch_op.create_index(
            "pay_disputes_page_idx", ["payment_created_at", "transaction_id"], unique=False
        )
        batch_op.create_index("pay_disputes_state_due_by_idx", ["state", "due_by"], unique=False)
        batch_op.create_index("pay_disputes_transaction_id_idx", ["transaction_id"], unique=False)
        batch_op.create_index(
            "pay_disputes_waiting_idx",
            ["due_by", "id"],
            unique=False,
            postgresql_where=sa.text(
                "state IN ('appeal_needs_response', 'needs_response', 'warning_needs_response')"
            ),
            sqlite_where=sa.text(
                "state IN ('appeal_needs_response', 'needs_response', 'warning_needs_response')"
            ),
        )

    op.create_table(
        "pay_history",
        sa.Column("id", columns.BIGINT, nullable=False),
        sa.Column("at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("what", sa.String(length=80), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("transaction_id", sa.String(length=40), nullable=True),
        sa.Column("subject", sa.String(length=80), nullable=True),
        sa.Column("data", columns.JSON_TYPE, nullable=False),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["pay_transactions.id"],
            name=op.f("pay_history_transaction_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_history_pkey")),
    )
    with op.batch_alter_table("pay_history", schema=None) as batch_op:
        batch_op.create_index("pay_history_actor_id_idx", ["actor", "id"], unique=False)
        batch_op.create_index(
            "pay_history_staff_idx",
            ["id"],
            unique=False,
            postgresql_where=sa.text("kind IN ('staff', 'note')"),
            sqlite_where=sa.text("kind IN ('staff', 'note')"),
        )
        batch_op.create_index("pay_history_subject_id_idx", ["subject", "id"], unique=False)
        batch_op.create_index(
            "pay_history_transaction_id_id_idx", ["transaction_id", "id"], unique=False
        )

    op.create_table(
        "pay_ledger_journals",
        sa.Column("id", columns.BIGINT, nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("entry_type", sa.String(length=24), nullable=False),
        sa.Column("transaction_id", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column(
            "posted_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["pay_transactions.id"],
            name=op.f("pay_ledger_journals_transaction_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_ledger_journals_pkey")),
        sa.UniqueConstraint("id", "currency", name=op.f("pay_ledger_journals_id_currency_key")),
        sa.UniqueConstraint("key", name=op.f("pay_ledger_journals_key_key")),
    )
    with op.batch_alter_table("pay_ledger_journals", schema=None) as batch_op:
        batch_op.create_index("pay_ledger_journals_posted_at_idx", ["posted_at"], unique=False)
        batch_op.create_index(
            "pay_ledger_journals_transaction_id_idx", ["transaction_id", "entry_type"], unique=False
        )

    op.create_table(
        "pay_mails",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("transaction_id", sa.String(length=40), nullable=True),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("taken_until", columns.UTCDateTime(), nullable=True),
        sa.Column(
            "created_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.Column("sent_at", columns.UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "(state = 'sending') = (taken_until IS NOT NULL)", name=op.f("pay_mails_taken_check")
        ),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'kept', 'dropped', 'undelivered')",
            name=op.f("pay_mails_state_check"),
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["pay_transactions.id"], name=op.f("pay_mails_transaction_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_mails_pkey")),
        sa.UniqueConstraint("key", name=op.f("pay_mails_key_key")),
    )
    with op.batch_alter_table("pay_mails", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("pay_mails_transaction_id_idx"), ["transaction_id"], unique=False
        )

    op.create_table(
        "pay_merchant_endpoints",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("merchant_id", sa.String(length=40), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("secret", sa.String(length=80), nullable=False),
        sa.Column("old_secret", sa.String(length=80), nullable=True),
        sa.Column("old_secret_until", columns.UTCDateTime(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", columns.UTCDateTime(), nullable=True),
        sa.Column("disabled_at", columns.UTCDateTime(), nullable=True),
        sa.Column("disabled_reason", sa.Text(), nullable=True),
        sa.Column(
            "created_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.CheckConstraint(
            "enabled = (disabled_at IS NULL)", name=op.f("pay_merchant_endpoints_disabled_at_check")
        ),
        sa.CheckConstraint(
            "failures >= 0", name=op.f("pay_merchant_endpoints_failures_not_negative_check")
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id"],
            ["pay_merchants.id"],
            name=op.f("pay_merchant_endpoints_merchant_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_merchant_endpoints_pkey")),
    )
    with op.batch_alter_table("pay_merchant_endpoints", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("pay_merchant_endpoints_merchant_id_idx"), ["merchant_id"], unique=False
        )

    op.create_table(
        "pay_orders",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("customer_id", sa.String(length=40), nullable=True),
        sa.Column("merchant_id", sa.String(length=40), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("hold", sa.String(length=16), server_default="none", nullable=False),
        sa.Column("total", columns.BIGINT, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("paid_at", columns.UTCDateTime(), nullable=True),
        sa.Column("fulfilled_at", columns.UTCDateTime(), nullable=True),
        sa.Column(
            "created_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.CheckConstraint(
            "(status = 'paid') = (paid_at IS NOT NULL)", name=op.f("pay_orders_paid_at_check")
        ),
        sa.CheckConstraint(
            "fulfilled_at IS NULL OR status = 'paid'",
            name=op.f("pay_orders_fulfilled_is_paid_check"),
        ),
        sa.CheckConstraint(
            "hold IN ('none', 'held', 'released', 'taken')", name=op.f("pay_orders_hold_check")
        ),
        sa.CheckConstraint(
            "status IN ('open', 'paid', 'payment_failed')", name=op.f("pay_orders_status_check")
        ),
        sa.CheckConstraint("total >= 0", name=op.f("pay_orders_total_not_negative_check")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["pay_customers.id"], name=op.f("pay_orders_customer_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["pay_merchants.id"], name=op.f("pay_orders_merchant_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_orders_pkey")),
        sa.UniqueConstraint("number", name=op.f("pay_orders_number_key")),
    )
    with op.batch_alter_table("pay_orders", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("pay_orders_customer_id_idx"), ["customer_id"], unique=False
        )

    op.create_table(
        "pay_payment_records",
        sa.Column("id", columns.BIGINT, nullable=False),
        sa.Column("transaction_id", sa.String(length=40), nullable=False),
        sa.Column("payable_type", sa.String(length=40), nullable=False),
        sa.Column("payable_id", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column(
            "created_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.CheckConstraint(
            "role IN ('pays_for', 'customer', 'merchant')",
            name=op.f("pay_payment_records_role_check"),
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["pay_transactions.id"],
            name=op.f("pay_payment_records_transaction_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_payment_records_pkey")),
    )
    with op.batch_alter_table("pay_payment_records", schema=None) as batch_op:
        batch_op.create_index(
            "pay_payment_records_one_active_key",
            ["payable_type", "payable_id"],
            unique=True,
            postgresql_where=sa.text("role = 'pays_for' AND active"),
            sqlite_where=sa.text("role = 'pays_for' AND active"),
        )
        batch_op.create_index(
            "pay_payment_records_payable_idx",
            ["payable_type", "payable_id", "role", "created_at", "id"],
            unique=False,
        )
        batch_op.create_index(
            "pay_payment_records_transaction_id_role_key", ["transaction_id", "role"], unique=True
        )

    op.create_table(
        "pay_products",
        sa.Column(
            "id",
            columns.BIGINT,
            sa.Identity(always=False),
            sa.Identity(always=False),
            nullable=False,
        ),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("amount", columns.BIGINT, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("max_quantity", sa.Integer(), nullable=False),
        sa.Column("stock", sa.Integer(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("merchant_id", sa.String(length=40), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "updated_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.CheckConstraint("amount >= 0", name=op.f("pay_products_amount_not_negative_check")),
        sa.CheckConstraint("max_quantity > 0", name=op.f("pay_products_quantity_positive_check")),
        sa.CheckConstraint("stock >= 0", name=op.f("pay_products_never_oversold_check")),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["pay_merchants.id"], name=op.f("pay_products_merchant_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_products_pkey")),
        sa.UniqueConstraint("slug", name=op.f("pay_products_slug_key")),
    )
    op.create_table(
        "pay_reconcile_findings",
        sa.Column("id", columns.BIGINT, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("fix", sa.String(length=40), nullable=True),
        sa.Column("transaction_id", sa.String(length=40), nullable=True),
        sa.Column("about_at", columns.UTCDateTime(), nullable=False),
        sa.Column("details", columns.JSON_TYPE, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column(
            "found_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.Column(
            "seen_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.Column("asked_by", sa.String(length=80), nullable=True),
        sa.Column("resolved_at", columns.UTCDateTime(), nullable=True),
        sa.Column("resolution", sa.String(length=16), nullable=True),
        sa.Column("resolved_by", sa.String(length=80), nullable=True),
        sa.CheckConstraint(
            "resolution IN ('gone', 'fixed')", name=op.f("pay_reconcile_findings_resolution_check")
        ),
        sa.CheckConstraint(
            "(resolved_at IS NULL) = (resolution IS NULL)",
            name=op.f("pay_reconcile_findings_resolved_check"),
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["pay_transactions.id"],
            name=op.f("pay_reconcile_findings_transaction_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_reconcile_findings_pkey")),
    )
    with op.batch_alter_table("pay_reconcile_findings", schema=None) as batch_op:
        batch_op.create_index(
            "pay_reconcile_findings_open_key",
            ["kind", "subject"],
            unique=True,
            postgresql_where=sa.text("resolved_at IS NULL"),
            sqlite_where=sa.text("resolved_at IS NULL"),
        )
        batch_op.create_index(
            batch_op.f("pay_reconcile_findings_transaction_id_idx"),
            ["transaction_id"],
            unique=False,
        )

    op.create_table(
        "pay_refunds",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("amount", columns.BIGINT, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("stripe_reason", sa.String(length=40), nullable=True),
        sa.Column("requested_by", sa.String(length=80), nullable=False),
        sa.Column("idempotency_key", sa.String(length=255), nullable=True),
        sa.Column("parameters", columns.JSON_TYPE, nullable=True),
        sa.Column("sent_at", columns.UTCDateTime(), nullable=True),
        sa.Column("stripe_refund_id", sa.String(length=255), nullable=True),
        sa.Column("stripe_data", columns.JSON_TYPE, nullable=True),
        sa.Column("error", columns.JSON_TYPE, nullable=True),
        sa.Column("error_code", sa.String(length=100), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column(
            "created_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.Column(
            "updated_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.Column(
            "state_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.Column("transaction_id", sa.String(length=40), nullable=False),
        sa.Column("payment_created_at", columns.UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('requested', 'processing', 'unknown', 'pending', 'requires_action', 'succeeded', 'failed', 'canceled')",
            name=op.f("pay_refunds_state_check"),
        ),
        sa.CheckConstraint(
            "stripe_reason IN ('duplicate', 'fraudulent', 'requested_by_customer')",
            name=op.f("pay_refunds_stripe_reason_check"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("pay_refunds_amount_positive_check")),
        sa.CheckConstraint("length(trim(reason)) > 0", name=op.f("pay_refunds_reason_given_check")),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["pay_transactions.id"],
            name=op.f("pay_refunds_transaction_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_refunds_pkey")),
        sa.UniqueConstraint("idempotency_key", name=op.f("pay_refunds_idempotency_key_key")),
        sa.UniqueConstraint("stripe_refund_id", name=op.f("pay_refunds_stripe_refund_id_key")),
    )
    with op.batch_alter_table("pay_refunds", schema=None) as batch_op:
        batch_op.create_index("pay_refunds_created_at_id_idx", ["created_at", "id"], unique=False)
        batch_op.create_index(
            "pay_refunds_page_idx",
            ["payment_created_at", "transaction_id"],
            unique=False,
            postgresql_where=sa.text("state = 'succeeded'"),
            sqlite_where=sa.text("state = 'succeeded'"),
        )
        batch_op.create_index(
            "pay_refunds_succeeded_idx",
            ["transaction_id"],
            unique=False,
            postgresql_where=sa.text("state = 'succeeded'"),
            sqlite_where=sa.text("state = 'succeeded'"),
        )
        batch_op.create_index(
            "pay_refunds_transaction_id_idx", ["transaction_id", "created_at"], unique=False
        )

    op.create_table(
        "pay_saved_cards",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("customer_id", sa.String(length=40), nullable=False),
        sa.Column("payment_method", sa.String(length=255), nullable=False),
        sa.Column("stripe_customer_id", sa.String(length=255), nullable=False),
        sa.Column("brand", sa.String(length=24), nullable=False),
        sa.Column("last4", sa.String(length=4), nullable=False),
        sa.Column("exp_month", sa.Integer(), nullable=True),
        sa.Column("exp_year", sa.Integer(), nullable=True),
        sa.Column(
            "created_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.Column("joined_at", columns.UTCDateTime(), nullable=True),
        sa.Column("removed_at", columns.UTCDateTime(), nullable=True),
        sa.Column("detached_at", columns.UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "detached_at IS NULL OR removed_at IS NOT NULL",
            name=op.f("pay_saved_cards_removed_first_check"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["pay_customers.id"], name=op.f("pay_saved_cards_customer_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_saved_cards_pkey")),
        sa.UniqueConstraint("payment_method", name=op.f("pay_saved_cards_payment_method_key")),
    )
    with op.batch_alter_table("pay_saved_cards", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("pay_saved_cards_customer_id_idx"), ["customer_id"], unique=False
        )

    op.create_table(
        "pay_saved_filters",
        sa.Column("id", columns.BIGINT, sa.Identity(always=False), nullable=False),
        sa.Column("staff_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("query", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["pay_staff.id"], name=op.f("pay_saved_filters_staff_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_saved_filters_pkey")),
        sa.UniqueConstraint("staff_id", "name", name=op.f("pay_saved_filters_staff_id_name_key")),
    )
    op.create_table(
        "pay_settlement_batches",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("merchant_id", sa.String(length=40), nullable=False),
        sa.Column("business_day", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("timezone", sa.String(length=60), nullable=False),
        sa.Column("starts_at", columns.UTCDateTime(), nullable=False),
        sa.Column("ends_at", columns.UTCDateTime(), nullable=False),
        sa.Column("closed_at", columns.UTCDateTime(), nullable=True),
        sa.Column("total", columns.BIGINT, nullable=True),
        sa.Column("line_count", sa.Integer(), nullable=True),
        sa.Column(
            "created_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (line_count IS NULL)",
            name=op.f("pay_settlement_batches_count_when_closed_check"),
        ),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (total IS NULL)",
            name=op.f("pay_settlement_batches_total_when_closed_check"),
        ),
        sa.CheckConstraint(
            "starts_at < ends_at", name=op.f("pay_settlement_batches_starts_before_it_ends_check")
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id"],
            ["pay_merchants.id"],
            name=op.f("pay_settlement_batches_merchant_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_settlement_batches_pkey")),
        sa.UniqueConstraint("id", "currency", name=op.f("pay_settlement_batches_id_currency_key")),
        sa.UniqueConstraint(
            "merchant_id",
            "business_day",
            "currency",
            name=op.f("pay_settlement_batches_merchant_id_business_day_currency_key"),
        ),
    )
    op.create_table(
        "pay_staff_sessions",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("staff_id", sa.String(length=40), nullable=False),
        sa.Column("session_version", sa.Integer(), nullable=False),
        sa.Column(
            "created_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.Column(
            "seen_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.Column(
            "confirmed_at",
            columns.UTCDateTime(),
            server_default=clock.database_now(),
            nullable=False,
        ),
        sa.Column("ended_at", columns.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["pay_staff.id"], name=op.f("pay_staff_sessions_staff_id_fkey")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pay_staff_sessions_pkey")),
    )
    with op.batch_alter_table("pay_staff_sessions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("pay_staff_sessions_staff_id_idx"), ["staff_id"], unique=False
        )

    op.create_table(
        "pay_stripe_events",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("type", sa.String(length=100), nullable=False),
        sa.Column("object_id", sa.String(length=80), nullable=True),
        sa.Column("account", sa.String(length=80), nullable=True),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("transaction_id", sa.String(length=40), nullable=True),
        sa.Column("deliveries", sa.Integer(), nullable=False),
        sa.Column("created_at", columns.UTCDateTime(), nullable=False),
        sa.Column(
            "received_at",
            columns.UTCDateTime(),
            server_default=clock.database_now(),
            nullable=False,
        ),
        sa.Column("ended_at", columns.UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('received', 'processed', 'ignored', 'quarantined')",
            name=op.f("pay_stripe_events_state_check"),
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["pay_transactions.id"],
            name=op.f("pay_stripe_events_transaction_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_stripe_events_pkey")),
    )
    with op.batch_alter_table("pay_stripe_events", schema=None) as batch_op:
        batch_op.create_index(
            "pay_stripe_events_object_id_type_idx", ["object_id", "type"], unique=False
        )
        batch_op.create_index(
            "pay_stripe_events_state_received_at_idx", ["state", "received_at"], unique=False
        )

    op.create_table(
        "pay_velocity_fingerprints",
        sa.Column("fingerprint", sa.String(length=40), nullable=False),
        sa.Column("transaction_id", sa.String(length=40), nullable=False),
        sa.Column(
            "created_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["pay_transactions.id"],
            name=op.f("pay_velocity_fingerprints_transaction_id_fkey"),
        ),
        sa.PrimaryKeyConstraint(
            "fingerprint", "transaction_id", name=op.f("pay_velocity_fingerprints_pkey")
        ),
    )
    with op.batch_alter_table("pay_velocity_fingerprints", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("pay_velocity_fingerprints_created_at_idx"), ["created_at"], unique=False
        )

    op.create_table(
        "pay_webhook_events",
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("merchant_id", sa.String(length=40), nullable=False),
        sa.Column("transaction_id", sa.String(length=40), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column(
            "created_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["pay_merchants.id"], name=op.f("pay_webhook_events_merchant_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["pay_transactions.id"],
            name=op.f("pay_webhook_events_transaction_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_webhook_events_pkey")),
    )
    with op.batch_alter_table("pay_webhook_events", schema=None) as batch_op:
        batch_op.create_index(
            "pay_webhook_events_merchant_idx", ["merchant_id", "created_at", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("pay_webhook_events_transaction_id_idx"), ["transaction_id"], unique=False
        )

    op.create_table(
        "pay_connect_records",
        sa.Column("id", columns.BIGINT, nullable=False),
        sa.Column("transaction_id", sa.String(length=40), nullable=False),
        sa.Column("refund_id", sa.String(length=40), nullable=True),
        sa.Column("side", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("account", sa.String(length=255), nullable=True),
        sa.Column("stripe_id", sa.String(length=255), nullable=False),
        sa.Column("amount", columns.BIGINT, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("fee", columns.BIGINT, nullable=True),
        sa.Column("net", columns.BIGINT, nullable=True),
        sa.Column("balance_currency", sa.String(length=3), nullable=True),
        sa.Column("made_at", columns.UTCDateTime(), nullable=False),
        sa.Column(
            "created_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.CheckConstraint(
            "kind IN ('charge', 'refund', 'transfer', 'transfer_reversal', 'application_fee', 'application_fee_refund', 'payment', 'payment_refund')",
            name=op.f("pay_connect_records_kind_check"),
        ),
        sa.CheckConstraint(
            "side IN ('platform', 'merchant')", name=op.f("pay_connect_records_side_check")
        ),
        sa.CheckConstraint(
            "amount >= 0", name=op.f("pay_connect_records_amount_not_negative_check")
        ),
        sa.ForeignKeyConstraint(
            ["refund_id"], ["pay_refunds.id"], name=op.f("pay_connect_records_refund_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["pay_transactions.id"],
            name=op.f("pay_connect_records_transaction_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_connect_records_pkey")),
        sa.UniqueConstraint("stripe_id", name=op.f("pay_connect_records_stripe_id_key")),
    )
    with op.batch_alter_table("pay_connect_records", schema=None) as batch_op:
        batch_op.create_index(
            "pay_connect_records_transaction_id_idx", ["transaction_id", "id"], unique=False
        )

    op.create_table(
        "pay_ledger_entries",
        sa.Column("id", columns.BIGINT, nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("journal_id", columns.BIGINT, nullable=False),
        sa.Column("transaction_id", sa.String(length=40), nullable=False),
        sa.Column("entry_type", sa.String(length=24), nullable=False),
        sa.Column("account", sa.String(length=24), nullable=False),
        sa.Column("side", sa.String(length=6), nullable=False),
        sa.Column("amount", columns.BIGINT, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.CheckConstraint(
            "side IN ('debit', 'credit')", name=op.f("pay_ledger_entries_side_check")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("pay_ledger_entries_amount_positive_check")),
        sa.ForeignKeyConstraint(
            ["journal_id", "currency"],
            ["pay_ledger_journals.id", "pay_ledger_journals.currency"],
            name=op.f("pay_ledger_entries_journal_id_currency_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["pay_transactions.id"],
            name=op.f("pay_ledger_entries_transaction_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_ledger_entries_pkey")),
        sa.UniqueConstraint("key", name=op.f("pay_ledger_entries_key_key")),
    )
    with op.batch_alter_table("pay_ledger_entries", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("pay_ledger_entries_journal_id_idx"), ["journal_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("pay_ledger_entries_transaction_id_idx"), ["transaction_id"], unique=False
        )

    op.create_table(
        "pay_order_lines",
        sa.Column(
            "id",
            columns.BIGINT,
            sa.Identity(always=False),
            sa.Identity(always=False),
            nullable=False,
        ),
        sa.Column("order_id", sa.String(length=40), nullable=False),
        sa.Column("product_id", columns.BIGINT, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("amount", columns.BIGINT, nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("pay_order_lines_amount_not_negative_check")),
        sa.CheckConstraint("quantity > 0", name=op.f("pay_order_lines_quantity_positive_check")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["pay_orders.id"], name=op.f("pay_order_lines_order_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["pay_products.id"], name=op.f("pay_order_lines_product_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_order_lines_pkey")),
    )
    with op.batch_alter_table("pay_order_lines", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("pay_order_lines_order_id_idx"), ["order_id"], unique=False
        )

    op.create_table(
        "pay_settlement_lines",
        sa.Column("id", columns.BIGINT, nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("batch_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("transaction_id", sa.String(length=40), nullable=False),
        sa.Column("amount", columns.BIGINT, nullable=False),
        sa.Column("stripe_fee", columns.BIGINT, server_default="0", nullable=False),
        sa.Column("platform_fee", columns.BIGINT, server_default="0", nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("occurred_at", columns.UTCDateTime(), nullable=False),
        sa.Column(
            "created_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.CheckConstraint(
            "amount <> 0 OR stripe_fee <> 0 OR platform_fee <> 0",
            name=op.f("pay_settlement_lines_amount_moves_check"),
        ),
        sa.ForeignKeyConstraint(
            ["batch_id", "currency"],
            ["pay_settlement_batches.id", "pay_settlement_batches.currency"],
            name=op.f("pay_settlement_lines_batch_id_currency_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["pay_transactions.id"],
            name=op.f("pay_settlement_lines_transaction_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_settlement_lines_pkey")),
        sa.UniqueConstraint("key", name=op.f("pay_settlement_lines_key_key")),
    )
    with op.batch_alter_table("pay_settlement_lines", schema=None) as batch_op:
        batch_op.create_index(
            "pay_settlement_lines_batch_idx", ["batch_id", "occurred_at", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("pay_settlement_lines_transaction_id_idx"), ["transaction_id"], unique=False
        )

    op.create_table(
        "pay_subscriptions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("plan_id", columns.BIGINT, nullable=False),
        sa.Column("customer_id", sa.String(length=40), nullable=False),
        sa.Column("card_id", sa.String(length=40), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("anchor_day", sa.Integer(), nullable=False),
        sa.Column("current_start", sa.Date(), nullable=True),
        sa.Column("current_end", sa.Date(), nullable=True),
        sa.Column("billed_until", sa.Date(), nullable=False),
        sa.Column("balance", columns.BIGINT, nullable=False),
        sa.Column("cancel_at_period_end", sa.Boolean(), nullable=False),
        sa.Column("paused_at", columns.UTCDateTime(), nullable=True),
        sa.Column("canceled_at", columns.UTCDateTime(), nullable=True),
        sa.Column(
            "created_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.CheckConstraint(
            "(status = 'canceled') = (canceled_at IS NOT NULL)",
            name=op.f("pay_subscriptions_canceled_at_check"),
        ),
        sa.CheckConstraint(
            "status IN ('incomplete', 'trialing', 'active', 'past_due', 'canceled')",
            name=op.f("pay_subscriptions_status_check"),
        ),
        sa.CheckConstraint(
            "anchor_day BETWEEN 1 AND 31", name=op.f("pay_subscriptions_anchor_day_check")
        ),
        sa.ForeignKeyConstraint(
            ["card_id"], ["pay_saved_cards.id"], name=op.f("pay_subscriptions_card_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["pay_customers.id"], name=op.f("pay_subscriptions_customer_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["pay_plans.id"], name=op.f("pay_subscriptions_plan_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_subscriptions_pkey")),
    )
    with op.batch_alter_table("pay_subscriptions", schema=None) as batch_op:
        batch_op.create_index(
            "pay_subscriptions_billed_until_idx",
            ["billed_until"],
            unique=False,
            postgresql_where=sa.text("status IN ('trialing', 'active', 'past_due')"),
            sqlite_where=sa.text("status IN ('trialing', 'active', 'past_due')"),
        )
        batch_op.create_index(
            batch_op.f("pay_subscriptions_customer_id_idx"), ["customer_id"], unique=False
        )

    op.create_table(
        "pay_webhook_deliveries",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("event_id", sa.String(length=120), nullable=False),
        sa.Column("endpoint_id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("taken_until", columns.UTCDateTime(), nullable=True),
        sa.Column(
            "created_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.Column("delivered_at", columns.UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "(state = 'sending') = (taken_until IS NOT NULL)",
            name=op.f("pay_webhook_deliveries_taken_check"),
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'sending', 'delivered', 'dead', 'skipped')",
            name=op.f("pay_webhook_deliveries_state_check"),
        ),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["pay_merchant_endpoints.id"],
            name=op.f("pay_webhook_deliveries_endpoint_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["pay_webhook_events.id"],
            name=op.f("pay_webhook_deliveries_event_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_webhook_deliveries_pkey")),
        sa.UniqueConstraint(
            "event_id", "endpoint_id", name=op.f("pay_webhook_deliveries_event_id_endpoint_id_key")
        ),
    )
    with op.batch_alter_table("pay_webhook_deliveries", schema=None) as batch_op:
        batch_op.create_index(
            "pay_webhook_deliveries_endpoint_idx",
            ["endpoint_id", "state", "created_at"],
            unique=False,
        )

    op.create_table(
        "pay_settlement_parts",
        sa.Column("journal_id", columns.BIGINT, autoincrement=False, nullable=False),
        sa.Column("line_id", columns.BIGINT, nullable=False),
        sa.ForeignKeyConstraint(
            ["journal_id"],
            ["pay_ledger_journals.id"],
            name=op.f("pay_settlement_parts_journal_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["line_id"], ["pay_settlement_lines.id"], name=op.f("pay_settlement_parts_line_id_fkey")
        ),
        sa.PrimaryKeyConstraint("journal_id", name=op.f("pay_settlement_parts_pkey")),
    )
    with op.batch_alter_table("pay_settlement_parts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("pay_settlement_parts_line_id_idx"), ["line_id"], unique=False
        )

    op.create_table(
        "pay_subscription_periods",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("subscription_id", sa.String(length=40), nullable=False),
        sa.Column("start", sa.Date(), nullable=False),
        sa.Column("end", sa.Date(), nullable=False),
        sa.Column("trial", sa.Boolean(), nullable=False),
        sa.Column("amount", columns.BIGINT, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("description", sa.String(length=300), nullable=False),
        sa.Column("paid_at", columns.UTCDateTime(), nullable=True),
        sa.Column("failed_at", columns.UTCDateTime(), nullable=True),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("next_try_at", columns.UTCDateTime(), nullable=True),
        sa.Column("decided_by_transaction_id", sa.String(length=40), nullable=True),
        sa.Column(
            "created_at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False
        ),
        sa.CheckConstraint('"end" > start', name=op.f("pay_subscription_periods_some_days_check")),
        sa.CheckConstraint(
            "amount >= 0", name=op.f("pay_subscription_periods_amount_not_negative_check")
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["pay_subscriptions.id"],
            name=op.f("pay_subscription_periods_subscription_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_subscription_periods_pkey")),
        sa.UniqueConstraint(
            "subscription_id",
            "start",
            name=op.f("pay_subscription_periods_subscription_id_start_key"),
        ),
    )
    with op.batch_alter_table("pay_subscription_periods", schema=None) as batch_op:
        batch_op.create_index(
            "pay_subscription_periods_unpaid_idx",
            ["subscription_id"],
            unique=False,
            postgresql_where=sa.text("paid_at IS NULL"),
            sqlite_where=sa.text("paid_at IS NULL"),
        )

    op.create_table(
        "pay_webhook_attempts",
        sa.Column("id", columns.BIGINT, nullable=False),
        sa.Column("delivery_id", sa.String(length=40), nullable=False),
        sa.Column("at", columns.UTCDateTime(), server_default=clock.database_now(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["pay_webhook_deliveries.id"],
            name=op.f("pay_webhook_attempts_delivery_id_fkey"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pay_webhook_attempts_pkey")),
    )
    with op.batch_alter_table("pay_webhook_attempts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("pay_webhook_attempts_delivery_id_idx"), ["delivery_id"], unique=False
        )

    postgresql = op.get_bind().dialect.name == "postgresql"
    for statement in (*FUNCTIONS, *TRIGGERS) if postgresql else SQLITE_TRIGGERS:
        op.execute(statement)


def downgrade() -> None:
    with op.batch_alter_table("pay_webhook_attempts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("pay_webhook_attempts_delivery_id_idx"))

    op.drop_table("pay_webhook_attempts")
    with op.batch_alter_table("pay_subscription_periods", schema=None) as batch_op:
        batch_op.drop_index(
            "pay_subscription_periods_unpaid_idx",
            postgresql_where=sa.text("paid_at IS NULL"),
            sqlite_where=sa.text("paid_at IS NULL"),
        )

    op.drop_table("pay_subscription_periods")
    with op.batch_alter_table("pay_settlement_parts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("pay_settlement_parts_line_id_idx"))

    op.drop_table("pay_settlement_parts")
    with op.batch_alter_table("pay_webhook_deliveries", schema=None) as batch_op:
        batch_op.drop_index("pay_webhook_deliveries_endpoint_idx")

    op.drop_table("pay_webhook_deliveries")
    with op.batch_alter_table("pay_subscriptions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("pay_subscriptions_customer_id_idx"))
        batch_op.drop_index(
            "pay_subscriptions_billed_until_idx",
            postgresql_where=sa.text("status IN ('trialing', 'active', 'past_due')"),
            sqlite_where=sa.text("status IN ('trialing', 'active', 'past_due')"),
        )

    op.drop_table("pay_subscriptions")
    with op.batch_alter_table("pay_settlement_lines", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("pay_settlement_lines_transaction_id_idx"))
        batch_op.drop_index("pay_settlement_lines_batch_idx")

    op.drop_table("pay_settlement_lines")
    with op.batch_alter_table("pay_order_lines", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("pay_order_lines_order_id_idx"))

    op.drop_table("pay_order_lines")
    with op.batch_alter_table("pay_ledger_entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("pay_ledger_entries_transaction_id_idx"))
        batch_op.drop_index(batch_op.f("pay_ledger_entries_journal_id_idx"))

    op.drop_table("pay_ledger_entries")
    with op.batch_alter_table("pay_connect_records", schema=None) as batch_op:
        batch_op.drop_index("pay_connect_records_transaction_id_idx")

    op.drop_table("pay_connect_records")
    with op.batch_alter_table("pay_webhook_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("pay_webhook_events_transaction_id_idx"))
        batch_op.drop_index("pay_webhook_events_merchant_idx")

    op.drop_table("pay_webhook_events")
    with op.batch_alter_table("pay_velocity_fingerprints", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("pay_velocity_fingerprints_created_at_idx"))

    op.drop_table("pay_velocity_fingerprints")
    with op.batch_alter_table("pay_stripe_events", schema=None) as batch_op:
        batch_op.drop_index("pay_stripe_events_state_received_at_idx")
        batch_op.drop_index("pay_stripe_events_object_id_type_idx")

    op.drop_table("pay_stripe_events")
    with op.batch_alter_table("pay_staff_sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("pay_staff_sessions_staff_id_idx"))

    op.drop_table("pay_staff_sessions")
    op.drop_table("pay_settlement_batches")
    op.drop_table("pay_saved_filters")
    with op.batch_alter_table("pay_saved_cards", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("pay_saved_cards_customer_id_idx"))

    op.drop_table("pay_saved_cards")
    with op.batch_alter_table("pay_refunds", schema=None) as batch_op:
        batch_op.drop_index("pay_refunds_transaction_id_idx")
        batch_op.drop_index(
            "pay_refunds_succeeded_idx",
            postgresql_where=sa.text("state = 'succeeded'"),
            sqlite_where=sa.text("state = 'succeeded'"),
        )
        batch_op.drop_index(
            "pay_refunds_page_idx",
            postgresql_where=sa.text("state = 'succeeded'"),
            sqlite_where=sa.text("state = 'succeeded'"),
        )
        batch_op.drop_index("pay_refunds_created_at_id_idx")

    op.drop_table("pay_refunds")
    with op.batch_alter_table("pay_reconcile_findings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("pay_reconcile_findings_transaction_id_idx"))
        batch_op.drop_index(
            "pay_reconcile_findings_open_key",
            postgresql_where=sa.text("resolved_at IS NULL"),
            sqlite_where=sa.text("resolved_at IS NULL"),
        )

    op.drop_table("pay_reconcile_findings")
    op.drop_table("pay_products")
    with op.batch_alter_table("pay_payment_records", schema=None) as batch_op:
        batch_op.drop_index("pay_payment_records_transaction_id_role_key")
        batch_op.drop_index("pay_payment_records_payable_idx")
        batch_op.drop_index(
            "pay_payment_records_one_active_key",
            postgresql_where=sa.text("role = 'pays_for' AND active"),
            sqlite_where=sa.text("role = 'pays_for' AND active"),
        )

    op.drop_table("pay_payment_records")
    with op.batch_alter_table("pay_orders", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("pay_orders_customer_id_idx"))

    op.drop_table("pay_orders")
    with op.batch_alter_table("pay_merchant_endpoints", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("pay_merchant_endpoints_merchant_id_idx"))

    op.drop_table("pay_merchant_endpoints")
    with op.batch_alter_table("pay_mails", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("pay_mails_transaction_id_idx"))

    op.drop_table("pay_mails")
    with op.batch_alter_table("pay_ledger_journals", schema=None) as batch_op:
        batch_op.drop_index("pay_ledger_journals_transaction_id_idx")
        batch_op.drop_index("pay_ledger_journals_posted_at_idx")

    op.drop_table("pay_ledger_journals")
    with op.batch_alter_table("pay_history", schema=None) as batch_op:
        batch_op.drop_index("pay_history_transaction_id_id_idx")
        batch_op.drop_index("pay_history_subject_id_idx")
        batch_op.drop_index(
            "pay_history_staff_idx",
            postgresql_where=sa.text("kind IN ('staff', 'note')"),
            sqlite_where=sa.text("kind IN ('staff', 'note')"),
        )
        batch_op.drop_index("pay_history_actor_id_idx")

    op.drop_table("pay_history")
    with op.batch_alter_table("pay_disputes", schema=None) as batch_op:
        batch_op.drop_index(
            "pay_disputes_waiting_idx",
            postgresql_where=sa.text(
                "state IN ('appeal_needs_response', 'needs_response', 'warning_needs_response')"
            ),
            sqlite_where=sa.text(
                "state IN ('appeal_needs_response', 'needs_response', 'warning_needs_response')"
            ),
        )
        batch_op.drop_index("pay_disputes_transaction_id_idx")
        batch_op.drop_index("pay_disputes_state_due_by_idx")
        batch_op.drop_index("pay_disputes_page_idx")
        batch_op.drop_index("pay_disputes_opened_at_id_idx")

    op.drop_table("pay_disputes")
    with op.batch_alter_table("pay_digital_purchases", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("pay_digital_purchases_customer_id_idx"))

    op.drop_table("pay_digital_purchases")
    op.drop_table("pay_connected_accounts")
    with op.batch_alter_table("pay_balance_transactions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("pay_balance_transactions_transaction_id_idx"))

    op.drop_table("pay_balance_transactions")
    with op.batch_alter_table("pay_unmatched_objects", schema=None) as batch_op:
        batch_op.drop_index(
            "pay_unmatched_objects_open_idx",
            postgresql_where=sa.text("matched_at IS NULL"),
            sqlite_where=sa.text("matched_at IS NULL"),
        )

    op.drop_table("pay_unmatched_objects")
    with op.batch_alter_table("pay_transactions", schema=None) as batch_op:
        batch_op.drop_index("pay_transactions_stripe_customer_id_idx")
        batch_op.drop_index("pay_transactions_state_page_idx")
        batch_op.drop_index("pay_transactions_reference_idx")
        batch_op.drop_index(
            "pay_transactions_received_page_idx",
            postgresql_where=sa.text("amount_received < amount"),
            sqlite_where=sa.text("amount_received < amount"),
        )
        batch_op.drop_index("pay_transactions_reason_page_idx")
        batch_op.drop_index("pay_transactions_phase_page_idx")
        batch_op.drop_index("pay_transactions_last4_page_idx")
        batch_op.drop_index("pay_transactions_email_page_idx")
        batch_op.drop_index("pay_transactions_currency_page_idx")
        batch_op.drop_index("pay_transactions_created_at_id_idx")
        batch_op.drop_index("pay_transactions_charge_idx")
        batch_op.drop_index("pay_transactions_amount_page_idx")

    op.drop_table("pay_transactions")
    op.drop_table("pay_staff")
    op.drop_table("pay_sign_in_tries")
    with op.batch_alter_table("pay_reconcile_runs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("pay_reconcile_runs_started_at_idx"))

    op.drop_table("pay_reconcile_runs")
    op.drop_table("pay_plans")
    op.drop_table("pay_payment_deltas")
    with op.batch_alter_table("pay_outbox", schema=None) as batch_op:
        batch_op.drop_index("pay_outbox_subject_idx")
        batch_op.drop_index(
            "pay_outbox_open_unique_key_key",
            postgresql_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
            sqlite_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
        )
        batch_op.drop_index(
            "pay_outbox_due_idx",
            postgresql_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
            sqlite_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
        )
        batch_op.drop_index("pay_outbox_done_at_idx")
        batch_op.drop_index(
            "pay_outbox_dead_idx",
            postgresql_where=sa.text("dead_at IS NOT NULL"),
            sqlite_where=sa.text("dead_at IS NOT NULL"),
        )

    op.drop_table("pay_outbox")
    with op.batch_alter_table("pay_merchants", schema=None) as batch_op:
        batch_op.drop_index(
            "pay_merchants_default_key",
            postgresql_where=sa.text("is_default"),
            sqlite_where=sa.text("is_default"),
        )

    op.drop_table("pay_merchants")
    op.drop_table("pay_job_counters")
    op.drop_table("pay_event_subscribers")
    op.drop_table("pay_digital_products")
    with op.batch_alter_table("pay_daily_payments", schema=None) as batch_op:
        batch_op.drop_index("pay_daily_payments_day_idx")

    op.drop_table("pay_daily_payments")
    op.drop_table("pay_customers")
    op.drop_table("pay_breakers")
    with op.batch_alter_table("pay_alerts", schema=None) as batch_op:
        batch_op.drop_index(
            "pay_alerts_open_key_key",
            postgresql_where=sa.text("acknowledged_at IS NULL"),
            sqlite_where=sa.text("acknowledged_at IS NULL"),
        )

    op.drop_table("pay_alerts")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION pay_count_payments()")
        op.execute("DROP FUNCTION pay_ledger_balanced()")
        op.execute("DROP FUNCTION pay_refunds_within_capture()")
        op.execute("DROP FUNCTION pay_refuse_change()")
