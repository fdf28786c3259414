"""A campaign: buyers come, faults strike, everything drains, the books are compared."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import requests
from sqlalchemy import create_engine

from chaos import books, plan
from chaos.buyer import HURRY_SECONDS, WATCH_SECONDS, Buyer
from chaos.faults import FAULTS, mend_stripe
from chaos.invariants import ALWAYS, DRAINED, Violation, violations
from chaos.site import Site
from chaos.witness import Witness
from parts.process import wait_until

AT_ONCE = 24  # buyers in the shop
AHEAD = 8  # buyers who may come before a fault that is due has struck
DRAIN_SECONDS = 300.0  # waited for; what counts as drained in time is the report's to say
_ACTION_SECONDS = 31 * 60

# What is due, leased or put off in the queues that have a worker here. Deadlines are set long
# ahead, for an abandoned bank's check or goods that are held: nobody waits for those.
_BUSY = """
    SELECT count(*) FROM outbox
    WHERE done_at IS NULL AND dead_at IS NULL
      AND queue IN ('charges', 'payment_critical', 'payment_standard')
      AND (tries > 0 OR leased_until > clock_timestamp()
           OR available_at < clock_timestamp() + interval '10 s')
"""
_PENDING = (
    "SELECT count(*) FROM transactions WHERE state = 'pending' AND phase <> 'requires_action'"
)
_AGE = f"""
    UPDATE transactions SET phase_at = phase_at - interval '{_ACTION_SECONDS} seconds',
                            created_at = created_at - interval '{_ACTION_SECONDS} seconds'
    WHERE phase = 'requires_action'
"""  # noqa: S608 - a constant of ours
_DUE = """
    UPDATE outbox SET available_at = clock_timestamp()
    WHERE command = 'expire_action' AND done_at IS NULL AND dead_at IS NULL
"""
# The time-saving finish: waiting is cut short, and so are leases that nobody renews.
_HURRY = """
    UPDATE outbox SET available_at = least(available_at, clock_timestamp()),
                      leased_until = CASE WHEN leased_until < clock_timestamp() + interval '15 s'
                                          THEN NULL ELSE leased_until END
    WHERE done_at IS NULL AND dead_at IS NULL AND tries > 0 AND claims < 4
       OR leased_until > clock_timestamp() AND claims < 4
"""


@dataclass
class Outcome:
    """What a campaign came to. Seconds are wall-clock."""

    seed: int
    buyers: int
    faults: Counter[str] = field(default_factory=Counter)
    stripe_faults: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    phases: Counter[str] = field(default_factory=Counter)
    payments: int = 0
    polls: int = 0
    restarts: int = 0
    corrections: int = 0
    looks: int = 0
    seconds: float = 0.0
    drain_seconds: float | None = None
    hurried: bool = False
    violations: list[Violation] = field(default_factory=list)


class Campaign:
    """`hurry` cuts the product's own waits short while draining: for a test, not for a figure."""

    def __init__(self, site: Site, seed: int, buyers: int, faults: int, *, hurry: bool) -> None:
        self.site, self.seed, self.buyers, self.hurry = site, seed, buyers, hurry
        self.witness = Witness()
        self.outcome = Outcome(seed, buyers, hurried=hurry)
        weights = {name: weight for name, (_, weight) in FAULTS.items()}
        if hurry:
            weights.pop("hang_at_stripe")
        self._strikes = plan.strikes(seed, buyers, weights, faults)
        self._came = self._struck = 0
        self._last_fault = 0.0
        self._watch = HURRY_SECONDS if hurry else WATCH_SECONDS
        self._end = threading.Event()
        self._engine = create_engine(site.database_url, pool_pre_ping=True)

    def run(self) -> Outcome:
        """All of it. The site must be up."""
        started = time.monotonic()
        director = threading.Thread(target=self._direct, name="director", daemon=True)
        auditor = threading.Thread(target=self._audit, name="auditor", daemon=True)
        director.start()
        auditor.start()
        with ThreadPoolExecutor(AT_ONCE) as shop:
            list(shop.map(self._visit, plan.wishes(self.seed, self.buyers)))
        self._came = self.buyers
        director.join()
        self._drain()
        self._end.set()
        auditor.join()
        self._compare()
        self.outcome.seconds = time.monotonic() - started
        self._engine.dispose()
        return self.outcome

    def _visit(self, wish: plan.Wish) -> None:
        """Nobody runs far ahead of the faults: they are to strike while there is work."""
        due = sum(strike.after <= wish.number - AHEAD for strike in self._strikes)
        wait_until(lambda: self._struck >= due, 600)
        self._came += 1
        Buyer(self.site, self.witness, wish, self._watch, self._end).visit()

    def _direct(self) -> None:
        self._garble_from_the_start()
        for strike in self._strikes:
            wait_until(lambda strike=strike: self._came >= strike.after, 3600)  # type: ignore[misc]
            fault, _ = FAULTS[strike.fault]
            self._struck += 1
            with contextlib.suppress(requests.RequestException):
                fault(self.site, random.Random(strike.seed))
            self.outcome.faults[strike.fault] += 1
            self._last_fault = time.monotonic()

    def _garble_from_the_start(self) -> None:
        FAULTS["garble_webhooks"][0](self.site, random.Random(self.seed))

    def _audit(self) -> None:
        """Hold the books to what must hold at every moment, over and over."""
        while not self._end.wait(3.0):
            with contextlib.suppress(Exception):
                found = violations(self._read(), ALWAYS)
                self.outcome.looks += 1
                self.outcome.violations += found
                if found:
                    return

    def _drain(self) -> None:
        mend_stripe(self.site)
        self.site.ask_stripe("POST", "/_sandbox/webhook_faults", {})
        since = max(self._last_fault, self.witness.last_post)
        if wait_until(self._is_drained, DRAIN_SECONDS):
            self.outcome.drain_seconds = time.monotonic() - since
        # Buyers who left the bank's check: half an hour goes by.
        self._execute(_AGE, _DUE)
        wait_until(lambda: self._is_drained() and not self._count(_LEFT), DRAIN_SECONDS / 3)

    def _is_drained(self) -> bool:
        if self.hurry:
            self._execute(_HURRY)
        time.sleep(0.5)
        return self._count(_BUSY) == 0 and self._count(_PENDING) == 0

    def _compare(self) -> None:
        found = self._read()
        outcome, witness = self.outcome, self.witness
        for transaction in found.transactions:
            outcome.phases[transaction["phase"]] += 1
        outcome.payments = len(found.transactions)
        outcome.corrections = found.corrections()
        outcome.answers, outcome.polls = witness.answers, witness.polls
        outcome.restarts = self.site.restarts
        outcome.stripe_faults = self.site.spoiled
        outcome.violations += violations(found, DRAINED) + witness.compare(found.transactions)

    def _read(self) -> books.Books:
        return books.read(self._engine, lambda: books.list_intents(self._ask))

    def _ask(self, path: str) -> dict[str, Any]:
        return self.site.ask_stripe("GET", path)

    def _count(self, query: str) -> int:
        try:
            with self._connect() as connection:
                row = connection.execute(query).fetchone()
                return int(row[0]) if row else 0
        except psycopg.Error:
            return 1

    def _execute(self, *statements: str) -> None:
        with contextlib.suppress(psycopg.Error), self._connect() as connection:
            for statement in statements:
                connection.execute(statement)

    def _connect(self) -> psycopg.Connection:
        return self.site.postgres.connect(self.site.database_url.rpartition("/")[2])


_LEFT = "SELECT count(*) FROM transactions WHERE state = 'pending'"


def run(seed: int, buyers: int, faults: int, directory: Path, *, hurry: bool = False) -> Outcome:
    """Start a site, run a campaign on it, end it."""
    with Site(directory) as site:
        return Campaign(site, seed, buyers, faults, hurry=hurry).run()
