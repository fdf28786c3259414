"""The pace: buyers come as fast as the site can follow, as at a site that was sized for them."""

from __future__ import annotations

import threading

import psycopg

from chaos import clock
from chaos.site import Site

MOST_DUE = 400  # messages; the workers of two cores do some 50 of them a second beside buyers
_LOOK_SECONDS = 1.0


class Pace(threading.Thread):
    """Watches what is due, but for what a merchant's endpoint keeps waiting, until `end`. While
    the database is away the last count stands."""

    def __init__(self, site: Site, end: threading.Event) -> None:
        super().__init__(name="pace", daemon=True)
        self._site, self._end, self._due = site, end, 0

    def run(self) -> None:
        while not self._end.wait(_LOOK_SECONDS):
            try:
                with self._site.database() as connection:
                    row = connection.execute(clock.DUE).fetchone()
                    self._due = int(row[0]) if row else 0
            except psycopg.Error:
                continue

    def lets_in(self) -> bool:
        """Whether one more buyer may come."""
        return self._due < MOST_DUE
