"""Triggers that write every change of a payment as a delta of the daily counts."""

# ruff: noqa: S608 - this SQL is of our own words alone
from __future__ import annotations

from alembic import op

_COLUMNS = "(at, currency, state, reason, count, amount)"
# No zone's day begins between two quarters of an hour: a bulk load becomes few rows.
_QUARTER = "date_bin('15 minutes', created_at, '2000-01-01 00:00:00+00')"
# Cut to its column: a trigger that fails would fail the payment.
_REASON = (
    "CASE WHEN {0}state = 'failed' THEN substr(coalesce("
    "{0}error ->> 'decline_code', {0}error_code, 'unknown'), 1, 100) ELSE '' END"
)
# What is counted: first what was asked for; since `amount_received` is kept, what was paid.
_ASKED = "{0}amount"
_PAID = (
    "(CASE WHEN {0}state = 'complete' THEN coalesce({0}amount_received, {0}amount) "
    "ELSE {0}amount END)"
)


def _side(table: str, sign: str, amount: str) -> str:
    return (
        f"SELECT {_QUARTER} AS at, currency, state, {_REASON.format('')} AS reason, "
        f"{sign}1 AS n, {sign}{amount.format('')} AS amount FROM {table}"
    )


def _function(amount: str) -> str:
    added, removed = _side("added", "", amount), _side("removed", "-", amount)
    return f"""
CREATE OR REPLACE FUNCTION count_payments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO payment_deltas {_COLUMNS}
        SELECT at, currency, state, reason, sum(n), sum(amount)
        FROM ({added}) AS changes GROUP BY 1, 2, 3, 4;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO payment_deltas {_COLUMNS}
        SELECT at, currency, state, reason, sum(n), sum(amount)
        FROM ({removed}) AS changes GROUP BY 1, 2, 3, 4;
    ELSE
        -- What did not change cancels out.
        INSERT INTO payment_deltas {_COLUMNS}
        SELECT at, currency, state, reason, sum(n), sum(amount)
        FROM ({removed} UNION ALL {added}) AS changes
        GROUP BY 1, 2, 3, 4 HAVING sum(n) <> 0 OR sum(amount) <> 0;
    END IF;
    RETURN NULL;
END $$
"""


_TRANSITIONS = {
    "INSERT": "NEW TABLE AS added",
    "UPDATE": "OLD TABLE AS removed NEW TABLE AS added",
    "DELETE": "OLD TABLE AS removed",
}
_WATCHED = "created_at, currency, state, amount, error, error_code"


def install() -> None:
    """Begin to count, with what is there already."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_function(_ASKED))
        for event, tables in _TRANSITIONS.items():
            op.execute(
                f"CREATE TRIGGER count_payments_{event.lower()} AFTER {event} ON transactions "
                f"REFERENCING {tables} FOR EACH STATEMENT EXECUTE FUNCTION count_payments()"
            )
        at = _QUARTER
    else:
        for event in _TRANSITIONS:
            _install_on_sqlite(event, _ASKED, _WATCHED)
        at = "created_at"
    op.execute(
        f"INSERT INTO payment_deltas {_COLUMNS} "
        f"SELECT {at}, currency, state, {_REASON.format('')}, count(*), sum(amount) "
        "FROM transactions GROUP BY 1, 2, 3, 4"
    )


def count_what_was_paid() -> None:
    """From now on; the column `amount_received` is there."""
    _count(_PAID, f"{_WATCHED}, amount_received")


def count_what_was_asked_for() -> None:
    """As before: the column goes away."""
    _count(_ASKED, _WATCHED)


def _count(amount: str, watched: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_function(amount))  # the triggers call whatever stands under this name
        return
    for event in _TRANSITIONS:
        op.execute(f"DROP TRIGGER count_payments_{event.lower()}")
        _install_on_sqlite(event, amount, watched)


def _install_on_sqlite(event: str, amount: str, watched: str) -> None:
    def row(name: str, sign: str) -> str:
        return (
            f"INSERT INTO payment_deltas {_COLUMNS} VALUES ({name}.created_at, {name}.currency, "
            f"{name}.state, {_REASON.format(name + '.')}, {sign}1, "
            f"{sign}{amount.format(name + '.')});"
        )

    removed = row("OLD", "-") if event != "INSERT" else ""
    added = row("NEW", "") if event != "DELETE" else ""
    what = f"UPDATE OF {watched}" if event == "UPDATE" else event
    op.execute(
        f"CREATE TRIGGER count_payments_{event.lower()} AFTER {what} ON transactions "
        f"BEGIN {removed} {added} END"
    )


def remove() -> None:
    """Stop counting."""
    on = " ON transactions" if op.get_bind().dialect.name == "postgresql" else ""
    for event in _TRANSITIONS:
        op.execute(f"DROP TRIGGER IF EXISTS count_payments_{event.lower()}{on}")
    if on:
        op.execute("DROP FUNCTION IF EXISTS count_payments()")
