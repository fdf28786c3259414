"""closed: while a restore is open no form is taken, of nobody.

Stripe's events are refused as well, and come again; the restore reads what they are about itself.
"""

from __future__ import annotations

from flask import Flask, request
from sqlalchemy import select

from payments_app.core.extensions import db
from payments_app.core.language import Words
from payments_app.core.restores import is_restoring
from payments_app.core.web.http import ProblemError

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
RETRY_SECONDS = 60
WORDS = Words(
    "Our records are being restored, so nothing was sent and no payment was made this time. "
    "Try again in a few minutes: what you paid for before is not charged again."
)


def prepare(app: Flask) -> None:
    """Look before every request that may change something."""
    app.before_request(_refuse)


def _refuse() -> None:
    if request.method in _READS or not db.session.scalar(select(is_restoring())):
        return
    raise ProblemError(503, "restoring", WORDS, headers={"Retry-After": str(RETRY_SECONDS)})
