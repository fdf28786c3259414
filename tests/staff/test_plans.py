"""No page, no filter and no reading of the search box reads a whole table, at 50,000 payments."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections import Counter
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event, select, text

from bench.beside import fill_beside
from demo.payment_history import add_demo_data
from parts.postgres import create_database, libpq
from payments_app import create_app
from payments_app.config import Config
from payments_app.core.db.clock import utcnow
from payments_app.core.extensions import db
from payments_app.customers.models import Customer
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.double_payments import likely_doubles, twin_of
from payments_app.staff.causes.timeline import timeline
from payments_app.staff.customers.queries import panel_of
from payments_app.staff.disputes.queries import newest, waiting
from payments_app.staff.payments import search_people
from payments_app.staff.payments.filters import STATUSES, Filters
from payments_app.staff.payments.paging import read_page
from payments_app.staff.payments.read_filters import read_filters
from payments_app.staff.payments.search import search
from payments_app.staff.reports.figures import keep_days
from payments_app.staff.reports.rollups import aggregate_all
from tests.accounts.staff_driver import Browser, StaffDriver

pytestmark = pytest.mark.slow

UTC = ZoneInfo("UTC")
TODAY = dt.date(2026, 1, 1)
# Tables that grow with the payments.
LARGE = {
    "pay_transactions",
    "pay_payment_records",
    "pay_history",
    "pay_customers",
    "pay_orders",
    "pay_refunds",
    "pay_disputes",
    "pay_outbox",
    "pay_mails",
    "pay_stripe_events",
    "pay_ledger_journals",
    "pay_ledger_entries",
    "pay_payout_lines",
}
MOST_READ = 4500  # rows of one of them, for a page: of the history, twice its newest 2,000

MANY_REFUNDS = """
INSERT INTO pay_refunds (id, transaction_id, state, version, amount, currency, reason, requested_by,
                     payment_created_at, created_at)
SELECT 'rfd_' || substr(id, 5), id, 'succeeded', 1, 1, currency, 'Sent back', 'system',
       created_at, created_at
  FROM pay_transactions t
 WHERE state = 'complete' AND id < 'txn_8'
   AND NOT EXISTS (SELECT FROM pay_refunds WHERE transaction_id = t.id)
"""
MANY_DISPUTES = """
INSERT INTO pay_disputes (id, transaction_id, stripe_dispute_id, state, version, funds, reason,
amount,
                      currency, has_evidence, refundable, stripe_data, opened_at, due_by,
                      payment_created_at)
SELECT 'dsp_' || substr(id, 5), id, 'dp_' || id,
       CASE WHEN id < 'txn_82' THEN 'needs_response' ELSE 'lost' END, 1, 'withdrawn', 'fraudulent',
       amount, currency, false, false, '{}', created_at, created_at, created_at
  FROM pay_transactions WHERE state = 'complete' AND id > 'txn_8'
"""


@pytest.fixture(scope="session")
def large_database(postgres_url: str, worker_number: int, migrated: str) -> str:
    return create_database(postgres_url, f"plans_{worker_number}_{os.getpid()}", migrated)


@pytest.fixture(scope="session")  # two processes may share the file in many turns
def filled(large_database: str, sandbox_url: str, redis_url: str) -> Iterator[Flask]:
    """An application on 50,000 payments, with the planner's statistics."""
    from parts.settings import private_settings

    settings = private_settings(
        database_url=large_database,
        redis_url=redis_url,
        cache_redis_url="redis://127.0.0.1:1/0",
        sandbox_url=sandbox_url,
    )
    app = create_app(Config.from_env(settings))
    with app.app_context():
        add_demo_data(50_000, lambda _done: None)
    with psycopg.connect(libpq(large_database), autocommit=True) as connection:
        # Where returns are few the planner rightly reads all of those: here they are many.
        connection.execute(MANY_REFUNDS)
        connection.execute(MANY_DISPUTES)
        fill_beside(connection)
    with app.app_context():
        aggregate_all(UTC)
        keep_days(UTC)  # the last 50 at a time
        keep_days(UTC)
    yield app
    with app.app_context():
        db.engine.dispose()


class Plans(list[str]):
    """Of the statements that were sent, as `operation on table`, with the index; `read` says how
    many rows of a table were looked at, `sent` how many each statement brought."""

    def __init__(self) -> None:
        self.read, self.sent = Counter[str](), list[int]()

    def add(self, plan: object) -> None:
        if isinstance(plan, list):
            for part in plan:
                self.add(part)
        elif isinstance(plan, dict):
            if plan.get("Node Type", "").startswith("Gather"):
                self.append("several processes")
            if table := plan.get("Relation Name"):
                by = f" by {plan['Index Name']}" if "Index Name" in plan else ""
                self.append(f"{plan['Node Type']} on {table}{by}")
                rows = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
                self.read[table] += rows * plan["Actual Loops"]
            for part in plan.values():
                self.add(part)


@pytest.fixture
def plans(filled: Flask) -> Iterator[Plans]:
    """Plans of the statements that are sent meanwhile."""
    seen = Plans()
    with filled.test_request_context():
        engine, asking = db.engine, [False]

        def explain(connection, cursor, statement, parameters, context, many):  # type: ignore[no-untyped-def]
            if asking[0] or not statement.startswith("SELECT"):
                return
            asking[0] = True
            asked = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"
            found = connection.exec_driver_sql(asked, parameters).scalar_one()
            plan = json.loads(found) if isinstance(found, str) else found
            seen.add(plan)
            seen.sent.append(plan[0]["Plan"]["Actual Rows"])
            asking[0] = False

        event.listen(engine, "before_cursor_execute", explain)
        yield seen
        event.remove(engine, "before_cursor_execute", explain)


@pytest.fixture(scope="session")
def admin(filled: Flask) -> Browser:
    return StaffDriver(filled).signed_in("admin")


def whole_tables(plans: Plans) -> set[str]:
    assert plans
    return {plan for plan in plans if plan.startswith("Seq Scan") and plan.split()[-1] in LARGE}


FILTERS = [
    {},
    *({"status": name} for name in STATUSES),
    {"currency": "jpy"},
    {"reason": "lost_card"},
    {"reason": "nothing_like_it"},
    {"email": "nobody@example.com"},
    {"last4": "4242"},
    {"from": "2025-10-01", "to": "2025-10-02"},
    {"least": "399", "most": "400"},
    {"status": "failed", "currency": "eur", "reason": "insufficient_funds"},
]


@pytest.mark.parametrize("given", FILTERS, ids=str)
def test_a_filtered_page_comes_out_of_an_index(plans: Plans, given: dict[str, str]) -> None:
    filters = read_filters(given, UTC, TODAY)
    assert not filters.problems
    walk_pages(filters)
    assert whole_tables(plans) == set()


@pytest.mark.parametrize("status", ["refunded", "disputed"])
def test_what_was_given_back_is_there_to_be_found(filled: Flask, status: str) -> None:
    with filled.app_context():
        filters = read_filters({"status": status}, UTC, TODAY)
        page = read_page(db.session(), filters.conditions, sort_key=filters.sort_key)
        assert page.older is not None


@pytest.mark.parametrize("left", [3, 300])
@pytest.mark.parametrize(
    ("status", "table"), [("refunded", "pay_refunds"), ("disputed", "pay_disputes")]
)
def test_where_few_payments_were_given_back_only_those_are_read(
    plans: Plans, status: str, table: str, left: int
) -> None:
    keep = f"DELETE FROM {table} WHERE id NOT IN (SELECT id FROM {table} LIMIT {left})"
    db.session().execute(text(keep))
    db.session().execute(text(f"ANALYZE {table}"))
    walk_pages(read_filters({"status": status}, UTC, TODAY))
    db.session().rollback()
    db.session().execute(text(f"ANALYZE {table}"))  # a table's size is not rolled back
    db.session().commit()
    payments = {plan for plan in plans if " on pay_transactions" in plan}
    assert payments == {"Index Scan on pay_transactions by pay_transactions_pkey"}


def walk_pages(filters: Filters) -> None:
    """The first page, the next one, and back again."""
    session, sort_key = db.session(), filters.sort_key
    page = read_page(session, filters.conditions, sort_key=sort_key)
    read_page(session, filters.conditions, sort_key=sort_key, before=page.older)
    read_page(session, filters.conditions, sort_key=sort_key, after=page.older)


def test_the_pages_of_disputes_come_out_of_an_index(plans: Plans) -> None:
    waiting(db.session(), UTC)
    _, older = newest(db.session(), UTC)
    newest(db.session(), UTC, older)
    assert older is not None
    assert whole_tables(plans) == set()


def test_likely_double_payments_come_out_of_an_index(plans: Plans) -> None:
    newest_one = select(Transaction.id).order_by(Transaction.created_at.desc()).limit(1)
    transaction_id = db.session().execute(newest_one).scalar_one()
    likely_doubles(db.session(), utcnow() - dt.timedelta(days=7))
    twin_of(db.session(), transaction_id)
    assert whole_tables(plans) == set()


@pytest.mark.parametrize(
    "typed",
    [
        "nobody@example.com",
        "4242",
        "10.99",
        "pi_nothing",
        "ch_nothing",
        "cus_nothing",
        "AB12-CD34",
        "ABCDEFGHJK",
        "2025-10-01",
        f"txn_{'0' * 26}",
        f"ord_{'0' * 26}",
        f"cust_{'0' * 26}",
        *(f"{prefix}_{'0' * 26}" for prefix in "acust agr dsa dsf dsp prq subs whd".split()),
        "acct_nothing",
        "webhook_nothing",
    ],
)
def test_a_search_comes_out_of_an_index(
    plans: Plans, typed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_people, "NEWEST", 50)  # of more than there are, all would be read
    search(db.session(), typed, UTC, TODAY)
    assert whole_tables(plans) == set()


def test_a_customer_s_panel_comes_out_of_an_index(plans: Plans) -> None:
    customer_id = db.session().execute(select(Customer.id).limit(1)).scalar_one()
    plans.clear()
    panel_of(db.session(), customer_id)
    assert whole_tables(plans) == set()


def test_a_timeline_comes_out_of_an_index(plans: Plans) -> None:
    transaction_id = db.session().execute(select(Transaction.id).limit(1)).scalar_one()
    plans.clear()
    assert timeline(db.session(), transaction_id, UTC, technical=True)
    assert whole_tables(plans) == set()


def test_the_check_sees_a_whole_table_when_there_is_one(plans: Plans) -> None:
    db.session().execute(select(Transaction.id).where(text("description = 'x'")))
    assert whole_tables(plans) == {"Seq Scan on pay_transactions"}


def test_the_check_sees_how_many_rows_are_looked_at(plans: Plans) -> None:
    db.session().execute(select(Transaction.id).where(text("description = 'x'")))
    assert plans.read["pay_transactions"] == 50_000


PAGES = [
    "/staff",
    "/staff/payments",
    "/staff/payments?status=failed",
    "/staff/disputes",
    "/staff/double-payments",
    "/staff/payment-links",
    "/staff/settlements",
    "/staff/ledger/journals",
    "/staff/reports",
    "/staff/reconciliation",
    "/staff/alerts",
    "/staff/queues",
    "/staff/merchants",
    "/staff/audit",
    "/staff/members",
    "/staff/receipts",
    "/api/v1/reports/sales_summary",
]


@pytest.mark.parametrize("address", PAGES)
def test_a_page_looks_at_a_small_part_of_what_there_is(
    plans: Plans, filled: Flask, admin: Browser, address: str
) -> None:
    filled.extensions.pop("incident", None)  # it is measured once in two seconds
    assert admin.get(address).status_code == 200
    assert {table: n for table, n in plans.read.items() if table in LARGE and n > MOST_READ} == {}
    assert whole_tables(plans) == set()
    assert "several processes" not in plans


def test_the_metrics_look_at_the_newest_entries_and_at_no_payment_of_yesterday(
    plans: Plans, admin: Browser
) -> None:
    assert admin.get("/metrics").status_code == 200
    assert plans.read["pay_transactions"] == 0
    assert plans.read["pay_history"] <= 20_000
    assert whole_tables(plans) == set()
    assert "several processes" not in plans


def test_a_report_is_a_few_rows_for_each_day(plans: Plans, admin: Browser) -> None:
    """What is paid and what failed, of each day, and which days were kept: not each reason."""
    assert admin.get("/staff/reports").status_code == 200
    assert sum(plans.sent) <= 4 * 30 + 100


def test_what_no_word_begins_with_is_looked_for_in_few_payments(plans: Plans) -> None:
    """As a thousand payments are, it is found in a million."""
    assert search(db.session(), "qzxqzxqzx", UTC, TODAY).groups == []
    assert plans.read["pay_transactions"] <= 2 * MOST_READ


def test_a_part_that_many_addresses_hold_is_looked_for_until_a_page_is_full(
    plans: Plans, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_people, "NEWEST", 10_000)
    (group,) = search(db.session(), "customers.example", UTC, TODAY).groups
    assert (len(group.payments), group.older is not None) == (25, True)
    assert plans.read["pay_transactions"] <= MOST_READ
