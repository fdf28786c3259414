"""beside: what a shop has besides the demo's payments, as rows: jobs that are done, receipts, the
books, Stripe's events, payouts; and as many disputes, dead letters and entries of staff as fill a
page of each, however few payments there are."""

from __future__ import annotations

import psycopg

from payments_app.ledger import days
from payments_app.staff.reports.aggregate import aggregate
from payments_app.staff.reports.figures import keep_days
from payments_app.staff.zones import business_zone

PAGES = 120  # of what a page lists: more than one shows
_PAID = "pay_transactions WHERE state = 'complete'"
_FILL = (
    # These rows agree with each other: neither triggers nor foreign keys need look at each.
    "SET LOCAL session_replication_role = replica",
    """
    INSERT INTO pay_outbox (queue, command, subject, dedupe_key, created_at, available_at, epoch,
                            claims, tries, done_at)
    SELECT 'charges', 'charge', id, 'charge:' || id, created_at, created_at, 1, 0, 0, ended_at
      FROM pay_transactions ORDER BY created_at
    """,
    f"""
    INSERT INTO pay_outbox (queue, command, subject, dedupe_key, created_at, available_at, epoch,
                            claims, tries, failures, last_error, dead_at)
    SELECT 'payment_critical', 'read_fee', id, 'read_fee:' || id, created_at, created_at, 9, 0, 9,
           9, 'Stripe did not answer', ended_at
      FROM {_PAID} ORDER BY created_at DESC LIMIT {PAGES}
    """,  # noqa: S608 - our own words
    f"""
    INSERT INTO pay_mails (id, key, kind, transaction_id, recipient, subject, text, html, state,
                           rounds, created_at, sent_at)
    SELECT 'ml_' || substr(id, 5), 'receipt_' || id, 'receipt', id, email, 'Your receipt', '', '',
           'sent', 1, ended_at, ended_at FROM {_PAID} ORDER BY created_at
    """,  # noqa: S608
    f"""
    INSERT INTO pay_ledger_journals (key, entry_type, transaction_id, currency, posted_at)
    SELECT 'capture:' || id, 'capture', id, currency, ended_at FROM {_PAID} ORDER BY ended_at
    """,  # noqa: S608
    """
    INSERT INTO pay_ledger_entries (key, journal_id, transaction_id, entry_type, account, side,
                                    amount, currency)
    SELECT j.key || ':' || account, j.id, j.transaction_id, j.entry_type, account, side,
           t.amount_received, j.currency
      FROM pay_ledger_journals j JOIN pay_transactions t ON t.id = j.transaction_id,
           (VALUES ('stripe_balance', 'debit'), ('sales', 'credit')) AS of (account, side)
     ORDER BY j.id
    """,
    """
    INSERT INTO pay_stripe_events (id, type, object_id, livemode, state, transaction_id, deliveries,
                                   created_at, received_at, ended_at)
    SELECT 'evt_' || substr(id, 5), 'payment_intent.' || phase, stripe_payment_id, false,
           'processed', id, 1, ended_at, ended_at, ended_at FROM pay_transactions ORDER BY ended_at
    """,
    f"""
    INSERT INTO pay_payout_lines (id, payout_id, type, source, amount, fee, net, currency, made_at,
                                  transaction_id)
    SELECT 'txn_b' || id, 'po_' || to_char(created_at, 'YYYYMMDD'), 'charge', 'ch_' || id,
           amount_received, 0, amount_received, currency, ended_at, id
      FROM {_PAID} AND currency = 'usd' ORDER BY ended_at
    """,  # noqa: S608
    """
    INSERT INTO pay_payouts (id, amount, currency, automatic, status, arrives_at, made_at,
                             listed_at, stripe_data)
    SELECT payout_id, sum(net), 'usd', true, 'paid', max(made_at), max(made_at), max(made_at), '{}'
      FROM pay_payout_lines GROUP BY payout_id
    """,
    f"""
    INSERT INTO pay_disputes (id, transaction_id, stripe_dispute_id, state, version, funds, reason,
                              amount, currency, has_evidence, refundable, stripe_data, opened_at,
                              due_by, payment_created_at)
    SELECT 'dsp_' || substr(id, 5), id, 'dp_' || id, 'lost', 1, 'withdrawn', 'fraudulent', amount,
           currency, false, false, '{{}}', ended_at, ended_at, created_at
      FROM {_PAID} ORDER BY created_at DESC LIMIT {PAGES} ON CONFLICT DO NOTHING
    """,  # noqa: S608
    f"""
    INSERT INTO pay_history (at, kind, what, actor, transaction_id, data)
    SELECT ended_at, 'staff', 'note.added', 'system', id, '{{}}'
      FROM {_PAID} ORDER BY created_at LIMIT greatest({PAGES}, (SELECT count(*) FROM {_PAID}) / 50)
    """,  # noqa: S608
)


def fill_beside(database: psycopg.Connection) -> None:
    """Store it, on a connection of PostgreSQL's superuser, in one transaction; then let the planner
    look at it."""
    with database.transaction():
        for statement in _FILL:
            database.execute(statement)
    database.execute("VACUUM ANALYZE")


def keep_all_days() -> None:
    """What the job of the reports, which runs each minute, would have kept by now."""
    zone = business_zone()
    aggregate()
    while keep_days(zone) or days.keep_days(zone):
        pass
