"""Draining: waiting until the site has done all that there is to do, and ending the day."""

from __future__ import annotations

import contextlib
import email
import email.policy
import itertools
import os
import subprocess
import time
from collections.abc import Sequence

import psycopg

from chaos import clock
from chaos.faults_at_stripe import mend_stripe
from chaos.site import Site
from parts.app import REPOSITORY

DRAIN_SECONDS = 300.0  # waited without any getting less; what is in time is the report's to say
_LOOK_SECONDS = 0.3
_HURRIED_EVERY = 4  # looks: what is hurried without end does nothing but try


class Drain:
    """`hurry` cuts the product's own waits short: for a test, not for a figure."""

    def __init__(self, site: Site, *, hurry: bool) -> None:
        self._site, self._hurry = site, hurry

    def payments(self) -> bool:
        """Stripe is well again: whether payments and refunds came to their ends by themselves."""
        mend_stripe(self._site)
        self._site.ask_stripe("POST", "/_sandbox/webhook_faults", {})
        hurried = clock.HURRY if self._hurry else ()
        return self._until((clock.PAYMENTS_BUSY, clock.PAYMENTS_PENDING), hurried)

    def follow_ups(self) -> bool:
        """Time goes by: checks are abandoned, lost events fetched, letters written, webhooks sent
        again, and the business day ends. Whether all of that came to its end."""
        self._execute(*clock.CHECKS_ABANDONED)
        self._fetch_missed()
        ended = self._until(
            (clock.ANYTHING_BUSY, clock.ANYTHING_PENDING, clock.REFUNDS_PENDING),
            (*clock.HURRY, clock.FOLLOW_UPS_DUE),
        )
        return ended and self._until((clock.BATCHES_OPEN,), clock.END_OF_DAY)

    def _until(self, counts: Sequence[str], hurried: Sequence[str]) -> bool:
        """As long as it gets less."""
        fewest, deadline = None, 0.0
        for look in itertools.count():
            if look % _HURRIED_EVERY == 0:
                self._execute(*hurried)
            time.sleep(_LOOK_SECONDS)
            left = sum(self._count(query) for query in counts)
            if fewest is None or left < fewest:
                fewest, deadline = left, time.monotonic() + DRAIN_SECONDS
            if not left or time.monotonic() > deadline:
                break
        return not left

    def left(self) -> str:
        """What is still to be done, by command, for whoever asks why it did not drain."""
        with self._site.database() as connection:
            return ", ".join(
                f"{count} {command}" for command, count in connection.execute(clock.LEFT)
            )

    def _fetch_missed(self) -> None:
        """The job of every five minutes."""
        subprocess.run(
            self._site.flask("inbound", "fetch-missed"),
            env=os.environ | self._site.settings,
            cwd=REPOSITORY,
            capture_output=True,
            check=True,
        )

    def _count(self, query: str) -> int:
        try:
            with self._site.database() as connection:
                row = connection.execute(query).fetchone()
                return int(row[0]) if row else 0
        except psycopg.Error:
            return 1_000_000  # unknown, which is not less

    def _execute(self, *statements: str) -> None:
        with contextlib.suppress(psycopg.Error), self._site.database() as connection:
            for statement in statements:
                connection.execute(statement)


def sent_mails(site: Site) -> dict[str, list[float]]:
    """What the mail server took: when each copy came (seconds since 1970), by its key."""
    found: dict[str, list[float]] = {}
    for path in site.mailbox.mails.glob("*.eml"):
        head = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        key = str(head["Message-ID"]).strip().lstrip("<").partition("@")[0]
        found.setdefault(key, []).append(int(path.stem) / 1e9)
    return found
