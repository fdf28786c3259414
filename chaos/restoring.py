"""The drill of every campaign: the backup that was taken amid it is restored at its end."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from typing import Any

import psycopg

from chaos.invariants import Violation
from chaos.site import Site
from parts.app import REPOSITORY
from parts.postgres import create_database, libpq

_RULE = "a_restored_backup_equals_stripe"
# What Stripe took or gave back, as we know it.
_KNOWN = """
    SELECT t.id, t.phase, t.amount, t.amount_received, t.currency, t.idempotency_key,
           t.stripe_payment_id,
           CASE WHEN r.payable_type <> ALL (%s::text[]) THEN r.payable_id END
    FROM pay_transactions t
    LEFT JOIN pay_payment_records r ON r.transaction_id = t.id AND r.role = 'pays_for'
    WHERE t.state = 'complete' AND t.amount > 0
    UNION ALL
    SELECT id, state, amount, NULL, currency, NULL, stripe_refund_id, transaction_id
    FROM pay_refunds WHERE state = 'succeeded'
"""


class Drill:
    """`back_up` while the site runs, as it would be; `restore` when the campaign is over."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._file: str | None = None

    @property
    def has_backup(self) -> bool:
        return self._file is not None

    def back_up(self) -> bool:
        """False where the database was just being broken."""
        done = self._run("deploy/backup", str(self._site.directory), url=self._site.database_url)
        if done.returncode == 0:
            self._file = done.stdout.strip()
        return done.returncode == 0

    def restore(self) -> Iterator[Violation]:
        """End the site, restore the backup beside its database, and compare the two."""
        if self._file is None:
            yield Violation(_RULE, "no backup could be taken")
            return
        self._site.halt()
        restored = create_database(self._site.postgres.url(), "restored")
        done = self._run("deploy/restore", self._file, url=restored)
        if done.returncode == 0:
            done = self._run(*self._site.flask("restore", "--yes"), url=restored)
        if done.returncode or "equal to Stripe's" not in done.stdout:
            yield Violation(_RULE, f"{done.stdout}{done.stderr[-500:]}")
        urls = (self._site.database_url, restored)
        before, after = (_known(url, self._site.not_restored) for url in urls)
        for row in sorted(map(str, before ^ after)):
            yield Violation(
                _RULE, f"only {'before' if row in map(str, before) else 'after'}: {row}"
            )

    def _run(self, *command: str, url: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            env=os.environ | self._site.settings | {"DATABASE_URL": url},
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )


def _known(url: str, not_restored: tuple[str, ...]) -> set[tuple[Any, ...]]:
    with psycopg.connect(libpq(url)) as connection:
        return set(connection.execute(_KNOWN, [[*not_restored]]).fetchall())
