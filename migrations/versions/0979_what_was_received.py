"""What Stripe received of a payment

Revision: 0979, after 0851
"""

import sqlalchemy as sa
from alembic import op

from migrations import count_payments
from payments_app.core.db import columns

revision = "0979"
down_revision = '0911'
branch_labels = None
depends_on = None

NAME = "ck_transactions_amount_received"
CHECK = (
    "amount_received IS NULL OR"
    " (state = 'complete' AND amount_received >= 0 AND amount_received <= amount)"
)
GUARD_POSTGRESQL = """
CREATE OR REPLACE FUNCTION refunds_within_capture() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    captured bigint;
    refunded numeric;
BEGIN
    IF NEW.state IN ('failed', 'canceled') THEN
        RETURN NEW;
    END IF;
    SELECT {captured} INTO captured FROM transactions WHERE id = NEW.transaction_id FOR UPDATE;
    SELECT coalesce(sum(amount), 0) INTO refunded FROM refunds
     WHERE transaction_id = NEW.transaction_id AND id <> NEW.id
       AND state NOT IN ('failed', 'canceled');
    IF refunded + NEW.amount > captured THEN
        RAISE EXCEPTION 'refunds of % exceed its capture', NEW.transaction_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$
"""
GUARD_SQLITE = """
CREATE TRIGGER refunds_within_capture_{verb} BEFORE {verb} ON refunds
WHEN NEW.state NOT IN ('failed', 'canceled')
BEGIN
    SELECT RAISE(ABORT, 'refunds exceed the capture')
     WHERE NEW.amount + (
         SELECT coalesce(sum(amount), 0) FROM refunds
          WHERE transaction_id = NEW.transaction_id AND id <> NEW.id
            AND state NOT IN ('failed', 'canceled')
     ) > (SELECT {captured} FROM transactions WHERE id = NEW.transaction_id);
END
"""


def _guard(captured: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(GUARD_POSTGRESQL.format(captured=captured))
        return
    for verb in ("INSERT", "UPDATE"):
        op.execute(f"DROP TRIGGER refunds_within_capture_{verb}")
        op.execute(GUARD_SQLITE.format(verb=verb, captured=captured))


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.add_column("transactions", sa.Column("amount_received", columns.BIGINT, nullable=True))
        # The next revision looks at the rows that are there: not under this lock.
        op.execute(f"ALTER TABLE transactions ADD CONSTRAINT {NAME} CHECK ({CHECK}) NOT VALID")
    else:
        # Not as a batch: that would make the table anew, and lose its triggers.
        op.execute(
            "ALTER TABLE transactions ADD COLUMN amount_received INTEGER"
            f" CONSTRAINT {NAME} CHECK ({CHECK})"
        )
    count_payments.count_what_was_paid()
    _guard("coalesce(amount_received, amount)")


def downgrade() -> None:
    _guard("amount")
    count_payments.count_what_was_asked_for()
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE transactions DROP CONSTRAINT {NAME}")
    op.drop_column("transactions", "amount_received")
