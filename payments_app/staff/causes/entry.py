"""entry: one thing that happened to a payment."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass
class Entry:
    """One thing that happened. `about` is the payment, refund or dispute that it is of, `key` that
    of the message that did it, `event` an id of Stripe's, `version` which one of its subject it
    made. `begins`: nothing here caused it. `clock` is its time as the reader's clock shows it."""

    at: dt.datetime
    what: str
    title: str
    about: str
    detail: str = ""
    who: str = ""
    kind: str = "state"
    technical: bool = False
    bad: bool = False
    begins: bool = False
    stripe_id: str = ""
    milliseconds: int | None = None
    key: str = ""
    event: str = ""
    version: int | None = None
    subject: str = ""
    cause: Entry | None = None
    clock: str = ""

    @property
    def beside(self) -> str:
        """The detail as it goes on behind the title, on the same line."""
        if not self.detail:
            return ""
        stop = "" if self.title.endswith(".") else "." if self.detail[0].isupper() else ","
        return f"{stop} {self.detail}"
