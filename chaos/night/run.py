"""One night: buyers come one by one, the faults strike in turn, then the books are compared."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import create_engine

from chaos import books, clock, plan
from chaos.attention import not_as_it_is
from chaos.buyer import WATCH_SECONDS, Buyer
from chaos.drain import Drain, sent_mails
from chaos.invariants import OVER, Violation, violations
from chaos.night import alerts
from chaos.night.alerts import Alert
from chaos.night.faults import KINDS, Kind
from chaos.night.site import NightSite
from chaos.restoring import Drill
from chaos.support import Support
from chaos.witness import Witness
from parts.process import wait_until

DRAIN_SECONDS = 60.0  # what is allowed after a fault
TOLD_AFTER_SECONDS = 60.0  # a fault that lasts so long must be told
CALM_SECONDS = 300.0  # at scale 1, before the first fault and after each
_AT_ONCE = 48  # buyers; one who comes while so many are there goes away
_CLOSE_SECONDS = 300.0  # waited until all alerts are closed and told
_LOOK_SECONDS = 0.5
_ERRANDS = ("part", "parts", "full", "double_click", "together")
# Of what was begun before a moment: payments, and what is due of them and of their refunds.
_LEFT = (
    f"{clock.PAYMENTS_PENDING} AND created_at < to_timestamp(%s)",
    f"{clock.PAYMENTS_DUE} AND created_at < to_timestamp(%s)",
)
_TOUCHED = """
    SELECT count(*) FROM pay_transactions
    WHERE created_at < to_timestamp(%s) AND (ended_at IS NULL OR ended_at > to_timestamp(%s))
"""


@dataclass
class Struck:
    """One fault: moments in seconds since 1970. `drained` is None where payments were left after
    300 s; `turned_away` counts a buyer's tries to pay that nobody took."""

    kind: Kind
    began: float
    ended: float = 0.0
    drained: float | None = None
    turned_away: int = 0
    touched: int = 0
    alerts: list[Alert] = field(default_factory=list)


@dataclass
class Outcome:
    """What a night came to."""

    seed: int
    scale: float
    faults: list[Struck] = field(default_factory=list)
    buyers: int = 0
    payments: int = 0
    phases: Counter[str] = field(default_factory=Counter)
    refunds: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    other_alerts: list[Alert] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)


class Night:
    """The site must be up. `pace` are buyers a second; `hurry` cuts the product's own waits short
    once the last fault is over, for a test and not for a figure."""

    def __init__(
        self, site: NightSite, seed: int, scale: float, pace: float, *, hurry: bool = False
    ) -> None:
        self.site, self.scale, self.pace, self.hurry = site, scale, pace, hurry
        self.outcome = Outcome(seed, scale)
        self.witness = Witness()
        self._end, self._closing = threading.Event(), threading.Event()
        self._support = Support(site, self.witness, self._end)
        self._drill = Drill(site)
        self._room = threading.Semaphore(_AT_ONCE)

    def run(self, kinds: Sequence[Kind] = KINDS) -> Outcome:
        """All of it, with these faults."""
        started = time.monotonic()
        self._support.start()
        with ThreadPoolExecutor(_AT_ONCE) as shop:
            door = threading.Thread(target=self._let_in, args=(shop,), name="door", daemon=True)
            door.start()
            try:
                self._closing.wait(self._calm())
                for kind in kinds:
                    self._strike(kind)
            finally:
                self._closing.set()
                door.join()
        self._support.finish()
        self._drain()
        self._wait_for_alerts()
        self._end.set()
        self._compare()
        if self._drill.has_backup:
            self.outcome.violations += self._drill.restore()
        self.outcome.seconds = time.monotonic() - started
        return self.outcome

    def _calm(self) -> float:
        return CALM_SECONDS * self.scale

    def _let_in(self, shop: ThreadPoolExecutor) -> None:
        wishes = iter(plan.wishes(self.outcome.seed, 1_000_000 // 20))
        while not self._closing.wait(1 / self.pace):
            if self._room.acquire(blocking=False):
                self.outcome.buyers += 1
                shop.submit(self._visit, _calmer(next(wishes)))
            else:
                self.witness.count("no room in the shop")

    def _visit(self, wish: plan.Wish) -> None:
        try:
            Buyer(self.site, self.witness, self._support, wish, WATCH_SECONDS).visit()
        finally:
            self._room.release()

    def _strike(self, kind: Kind) -> None:
        before = _turned_away(self.witness.answers)
        struck = Struck(kind, time.time())
        print(f"{time.strftime('%H:%M:%S')} {kind.name}", flush=True)
        for words in kind.strike(self.site, kind.seconds * self.scale, self._drill):
            self._object("a_fault_goes_as_documented", words)
        struck.ended = time.time()
        since = time.monotonic()
        if wait_until(lambda: self._is_drained(struck.ended), 300):
            struck.drained = time.monotonic() - since
        struck.turned_away = _turned_away(self.witness.answers) - before
        self.outcome.faults.append(struck)
        self._closing.wait(max(0.0, self._calm() - (time.monotonic() - since)))

    def _is_drained(self, moment: float) -> bool:
        """Whether nothing that was begun before then is left, but at a bank that asks its buyer."""
        time.sleep(_LOOK_SECONDS)
        return all(self._count(query, moment) == 0 for query in _LEFT)

    def _count(self, query: str, *values: float) -> int:
        try:
            with self.site.database() as connection:
                row = connection.execute(query, values).fetchone()
                return int(row[0]) if row else 0
        except psycopg.Error:
            return -1

    def _drain(self) -> None:
        drain = Drain(self.site, hurry=self.hurry)
        for what, came in (("payments", drain.payments), ("what follows", drain.follow_ups)):
            if not came():
                self._object("everything_comes_to_its_end", f"{what} did not: {drain.left()}")

    def _object(self, invariant: str, words: str) -> None:
        self.outcome.violations.append(Violation(invariant, words))

    def _wait_for_alerts(self) -> None:
        """All are to close by themselves, and to be told so."""

        def over() -> bool:
            time.sleep(_LOOK_SECONDS)
            with self.site.database() as connection:
                connection.execute(alerts.SUMMARIES_DUE)
            return not alerts.wrongs(alerts.read(self.site))

        wait_until(over, _CLOSE_SECONDS)
        found = alerts.read(self.site)
        self.outcome.violations += alerts.wrongs(found)
        for alert in found:
            of = [struck for struck in self.outcome.faults if struck.began <= alert.raised]
            (of[-1].alerts if of else self.outcome.other_alerts).append(alert)
        for struck in self.outcome.faults:
            self._must_be_told(struck)

    def _must_be_told(self, struck: Struck) -> None:
        struck.touched = self._count(_TOUCHED, struck.ended, struck.began)
        kinds = {alert.kind for alert in struck.alerts}
        long_enough = struck.kind.seconds * self.scale >= TOLD_AFTER_SECONDS
        if long_enough and struck.kind.told and not kinds & {*struck.kind.told}:
            self._object("a_long_fault_is_told", f"{struck.kind.name}: nobody was told")

    def _compare(self) -> None:
        outcome, witness = self.outcome, self.witness
        engine = create_engine(self.site.database_url.replace("postgresql:", "postgresql+psycopg:"))
        found = books.read(engine, books.lister(self._ask))
        engine.dispose()
        found.sent_mails, found.taken = sent_mails(self.site), self.site.merchant.taken
        outcome.phases = Counter(transaction["phase"] for transaction in found.transactions)
        outcome.payments, outcome.refunds = len(found.transactions), len(found.refunds)
        outcome.answers = witness.answers
        outcome.violations += violations(found, OVER) + witness.compare(found.transactions)
        outcome.violations += witness.compare_refunds(found.refunds)
        outcome.violations += not_as_it_is(self.site)
        outcome.violations += self.site.application.compare(found)

    def _ask(self, path: str) -> dict[str, Any]:
        return self.site.ask_stripe("GET", path)


def _calmer(wish: plan.Wish) -> plan.Wish:
    """Few declines, and no refund that fails: what a person must look at stays open."""
    errand = wish.errand if wish.errand in _ERRANDS else ""
    if wish.number % 4:
        good = random.Random(wish.number).choice(plan.GOOD)
        return replace(wish, cards=(good,), errand=errand)
    return replace(wish, errand=errand)


def _turned_away(answers: Counter[str]) -> int:
    return sum(times for answer, times in answers.items() if answer in _REFUSED)


_REFUSED = ("POST lost", "POST 500", "POST 502", "POST 503", "POST 429")


def run(
    seed: int,
    directory: Path,
    *,
    scale: float,
    pace: float,
    hurry: bool = False,
    kinds: Sequence[Kind] = KINDS,
) -> Outcome:
    """Start a site, let a night pass, end it."""
    with NightSite(directory, seed) as site:
        return Night(site, seed, scale, pace, hurry=hurry).run(kinds)
