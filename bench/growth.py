"""Staff pages at a million payments beside a thousand, and how long a million take to be stored."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import psycopg
from flask import g, template_rendered
from sqlalchemy import event

from bench import other_admins
from bench.beside import fill_beside, keep_all_days
from bench.load import take_turns
from bench.site import Site, flask
from bench.staff import Bench
from bench.table import Row, at_most
from parts.postgres import create_database, libpq
from parts.schema import migrate
from parts.settings import NO_CACHE

FEW, MANY = 1_000, 1_000_000
ROUNDS = 25
GROWS = dict.fromkeys(  # at most so many times as long
    (
        *("list", "deepest page", "search, e-mail", "search, last 4", "search, name"),
        *("payment", "customer", "reports, 90 days", "overview", "disputes", "payouts", "ledger"),
        *("journals", "audit", "receipts", "queues", "dead letters"),
    ),
    1.3,
)
_CUSTOMERS = """
    SELECT payable_id FROM pay_payment_records WHERE role = 'customer'
    GROUP BY payable_id ORDER BY count(*) DESC, payable_id
"""
_PAGE = """
    SELECT t.id, t.phase, t.state, t.attempt, t.amount, t.currency, t.email, t.description, t.error,
           t.stripe_payment_id, t.card_brand, t.card_last4, t.created_at, t.ended_at, r.payable_id
    FROM pay_transactions t
    JOIN pay_payment_records r ON r.transaction_id = t.id AND r.role = 'customer'
    ORDER BY t.created_at DESC, t.id DESC LIMIT 50
"""


def rows(here: Site, many: int = MANY) -> list[Row]:
    """Milliseconds of a whole request in one process, by the clock: the database's are in them."""
    _fill(here, "few", FEW)
    took = _fill(here, "many", many)
    for name in ("few", "many"):
        with here.postgres.connect(name) as database:
            fill_beside(database)
    few, large = (Bench(_url(here, name), here.cache.url()) for name in ("few", "many"))
    for bench in (few, large):
        with bench.app.app_context():
            keep_all_days()
    bare = Bench(_url(here, "many"), NO_CACHE)
    return [
        *_grown(few, large, many),
        *_deep_and_heavy(large),
        *other_admins.rows((few, FEW), (large, many)),
        *_page_of_fifty(large),
        *_caches(large, bare),
        at_most(f"demo history of {many:,} payments", took, 180 * many / MANY, "by COPY", " s"),
    ]


def _url(here: Site, name: str) -> str:
    return here.postgres.url(name)


def _fill(here: Site, name: str, count: int) -> float:
    migrate(create_database(here.postgres.url(), name))
    began = time.monotonic()
    settings = dict(here.settings) | {"DATABASE_URL": _url(here, name)}
    flask(settings, "demo", "data", "--count", str(count), app="demo.app")
    took = time.monotonic() - began
    with here.postgres.connect(name) as database:
        database.execute("VACUUM ANALYZE")
    return took


def _waits(bench: Bench, address: str) -> Callable[[], float]:
    return lambda: bench.get(address)[0]


def _grown(few: Bench, large: Bench, many: int) -> list[Row]:
    made = []
    for name, most in GROWS.items():
        both = {each: _waits(bench, bench.pages()[name]) for each, bench in _named(few, large)}
        found = take_turns(both, ROUNDS)
        what = f"staff, {name}, {many:,} payments against {FEW:,}"
        limit = f"{found['few']:.1f} ms"
        made.append(at_most(what, found["many"] / found["few"], most, limit, " x"))
    return made


def _named(few: Bench, large: Bench) -> tuple[tuple[str, Bench], ...]:
    return ("few", few), ("many", large)


def _deep_and_heavy(large: Bench) -> list[Row]:
    with large.app.app_context(), psycopg.connect(_database(large)) as database:
        customers = [name for (name,) in database.execute(_CUSTOMERS).fetchall()]
    pages = large.pages()
    addresses = {
        "first": pages["list"],
        "deepest": pages["deepest page"],
        "heavy": f"/staff/customers/{customers[0]}",
        "light": f"/staff/customers/{customers[-1]}",
    }
    found = take_turns({name: _waits(large, each) for name, each in addresses.items()}, ROUNDS)
    deep, heavy = found["deepest"] / found["first"], found["heavy"] / found["light"]
    first, light = (f"{found[name]:.1f} ms" for name in ("first", "light"))
    return [
        at_most("staff, deepest page, of the first", deep, 1.1, first, " x"),
        at_most("staff, heaviest customer, of the lightest", heavy, 1.5, light, " x"),
    ]


def _database(bench: Bench) -> str:
    return libpq(bench.app.config["SQLALCHEMY_DATABASE_URI"])


def _page_of_fifty(large: Bench) -> list[Row]:
    """Beside one query by psycopg and the same template, given what the page gave it."""
    address, given, sent = large.pages()["list"], list[tuple[Any, Any]](), list[str]()

    def keep(_app: Any, template: Any, context: Any, **_more: Any) -> None:
        given.append((template, context))

    def count(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        sent.append(statement)

    engine = large.app.extensions["engine"]
    large.get(address)  # keeps its details
    event.listen(engine, "before_cursor_execute", count)
    with template_rendered.connected_to(keep, large.app):
        large.get(address)
    event.remove(engine, "before_cursor_execute", count)
    template, context = given[-1]
    with psycopg.connect(_database(large), autocommit=True) as database:

        def alone() -> float:
            began = time.perf_counter()
            with large.app.test_request_context(address):
                g.member = context["member"]
                database.execute(_PAGE).fetchall()
                template.render(context)
            return (time.perf_counter() - began) * 1000

        found = take_turns({"ours": _waits(large, address), "alone": alone}, ROUNDS)
    share = found["ours"] / found["alone"]
    return [
        at_most("page of 50, of psycopg and Jinja", share, 2, f"{found['alone']:.1f} ms", " x"),
        at_most("page of 50, queries", len(sent), 4, "all of the request's, its details kept"),
    ]


def _caches(large: Bench, bare: Bench) -> list[Row]:
    made = []
    for name, what in (("list", "details"), ("customer", "history panel")):
        address = large.pages()[name]
        found = take_turns({"with": _waits(large, address), "none": _waits(bare, address)}, ROUNDS)
        share, limit = found["with"] / found["none"], f"{found['none']:.1f} ms"
        made.append(at_most(f"cache of the {what}, of none", share, 1, limit, " x"))
    return made
