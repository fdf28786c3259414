"""A campaign: buyers come, faults strike, everything drains, the books are compared; and a backup
from amid it is restored."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import create_engine

from chaos import books, clock, plan
from chaos.attention import not_as_it_is
from chaos.buyer import HURRY_SECONDS, WATCH_SECONDS, Buyer
from chaos.comparison import false_alarms
from chaos.drain import Drain, sent_mails
from chaos.faults import FAULTS
from chaos.host import HostSite
from chaos.invariants import ALWAYS, OVER, Violation, violations
from chaos.pace import Pace
from chaos.restoring import Drill
from chaos.site import Site
from chaos.support import Support
from chaos.witness import Witness
from parts.process import wait_until

FEW, MANY = 24, 64  # buyers in the shop at once, in a short campaign and a long one
_LOOK_SECONDS = 4.0  # between two looks of the auditor
_RECENT_SECONDS = 120.0  # how far back the auditor looks while buyers come; the end looks at all


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
    started: Counter[str] = field(default_factory=Counter)  # charges, by a job or a look
    seconds: float = 0.0
    drain_seconds: float | None = None
    follow_up_seconds: float | None = None
    hurried: bool = False
    after: Counter[str] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)  # of the rounds of its own comparison
    spans: dict[str, float] = field(default_factory=dict)  # what took how many seconds
    violations: list[Violation] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether nothing was broken and everything came to its end."""
        return not self.violations and None not in (self.drain_seconds, self.follow_up_seconds)


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
        self._at_once = min(MANY, max(FEW, buyers // 5))
        self._last_fault = 0.0
        self._watch = HURRY_SECONDS if hurry else WATCH_SECONDS
        self._end = threading.Event()
        self._support = Support(site, self.witness, self._end)
        self._pace = Pace(site, self._end)
        self._drill = Drill(site)
        self._engine = create_engine(site.database_url, pool_pre_ping=True)

    def run(self) -> Outcome:
        """All of it. The site must be up."""
        started = time.monotonic()
        director = threading.Thread(target=self._direct, name="director", daemon=True)
        auditor = threading.Thread(target=self._audit, name="auditor", daemon=True)
        for thread in (self._support, self._pace, director, auditor):
            thread.start()
        with self._timed("buyers"), ThreadPoolExecutor(self._at_once) as shop:
            list(shop.map(self._visit, plan.wishes(self.seed, self.buyers)))
        self._came = self.buyers
        with self._timed("last faults"):
            director.join()
        with self._timed("support"):
            self._support.finish()
        self._finish()
        self._end.set()
        auditor.join()
        with self._timed("comparing"):
            self._compare()
        with self._timed("restoring"):
            self.outcome.violations += self._drill.restore()
        self.outcome.seconds = time.monotonic() - started
        self._engine.dispose()
        return self.outcome

    @contextlib.contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        since = time.monotonic()
        yield
        self.outcome.spans[what] = time.monotonic() - since

    def _visit(self, wish: plan.Wish) -> None:
        """Nobody runs far ahead of the faults: they are to strike while there is work. Nor of
        what follows the payments before."""
        due = sum(strike.after <= wish.number - self._at_once // 3 for strike in self._strikes)
        wait_until(lambda: self._struck >= due and self._pace.lets_in(), 600)
        self._came += 1
        if wish.number == self.buyers // 2:
            wait_until(self._drill.back_up, 60)
        Buyer(self.site, self.witness, self._support, wish, self._watch).visit()

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
        while not self._end.wait(_LOOK_SECONDS):
            with contextlib.suppress(Exception):
                found = violations(self._read(time.time() - _RECENT_SECONDS), ALWAYS)
                self.outcome.looks += 1
                self.outcome.violations += found
                if found:
                    return

    def _finish(self) -> None:
        drain = Drain(self.site, hurry=self.hurry)
        since = max(self._last_fault, self.witness.last_post)
        with self._timed("draining"):
            if drain.payments():
                self.outcome.drain_seconds = time.monotonic() - since
        since = time.monotonic()
        with self._timed("follow-ups"):
            if drain.follow_ups():
                self.outcome.follow_up_seconds = time.monotonic() - since

    def _compare(self) -> None:
        found = self._read()
        found.sent_mails, found.taken = sent_mails(self.site), self.site.merchant.taken
        outcome, witness = self.outcome, self.witness
        outcome.phases = Counter(transaction["phase"] for transaction in found.transactions)
        outcome.payments = len(found.transactions)
        outcome.corrections = len(found.corrected())
        outcome.answers, outcome.polls = witness.answers, witness.polls
        outcome.restarts = self.site.restarts
        outcome.started = self._started()
        outcome.stripe_faults = self.site.spoiled
        outcome.after = _after(found)
        outcome.violations += violations(found, OVER) + witness.compare(found.transactions)
        outcome.violations += witness.compare_refunds(found.refunds)
        found_by_itself, outcome.findings = false_alarms(self.site.product, self.site.settings)
        outcome.violations += found_by_itself
        outcome.violations += not_as_it_is(self.site)  # findings are part of what is so
        outcome.violations += [
            Violation("the_host_shows_what_is_so", words) for words in self.site.broken(found)
        ]
        outcome.violations += self.site.application.compare(found)
        outcome.violations += [
            Violation("a_merchant_gets_what_is_signed", event)
            for event in self.site.merchant.forged
        ]

    def _started(self) -> Counter[str]:
        with self.site.database() as connection:
            by_job, by_look = connection.execute(clock.STARTED).fetchone() or (0, 0)
        return Counter({"by a job": int(by_job or 0), "by a look": int(by_look or 0)})

    def _read(self, since: float = 0.0) -> books.Books:
        return books.read(self._engine, books.lister(self._ask, since), since)

    def _ask(self, path: str) -> dict[str, Any]:
        return self.site.ask_stripe("GET", path)


def _after(found: books.Books) -> Counter[str]:
    """What followed the payments, for the report."""
    counts = Counter(f"refunds {refund['state']}" for refund in found.refunds)
    counts += Counter(entry["what"].replace(".", " ") for entry in found.retries)
    counts += Counter(f"{mail['kind']} mails {mail['state']}" for mail in found.mails)
    counts += Counter(f"webhooks {delivery['state']}" for delivery in found.deliveries)
    paid = (t["payable_type"] for t in found.transactions if t["state"] == "complete")
    counts += Counter(f"{kind} paid" for kind in paid)
    counts["business days closed"] = sum(b["closed_at"] is not None for b in found.batches)
    counts["settlement lines"] = len(found.lines)
    return counts


def run(
    seed: int,
    buyers: int,
    faults: int,
    directory: Path,
    *,
    hurry: bool = False,
    host: bool = False,
) -> Outcome:
    """Start a site, run a campaign on it, end it. With `host` the product is a part of another
    application, whose own payable half of the buyers pay for."""
    with (HostSite if host else Site)(directory, seed) as site:
        return Campaign(site, seed, buyers, faults, hurry=hurry).run()
