"""`python -m chaos.compare_now wsgi:app`: the product's own comparison of its books, as if what
happened a moment ago were long ago. Prints a line of JSON: what it found, and what its rounds had
found before.

In a module of its own: who only asks for it needs nothing of the product.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from importlib import import_module

from flask import Flask
from sqlalchemy import select

from payments_app.core.db.clock import utcnow
from payments_app.core.extensions import db
from payments_app.reconcile import internal_payments, internal_settlement, internal_told
from payments_app.reconcile.compare import compare
from payments_app.reconcile.findings import open_findings
from payments_app.reconcile.models import Finding

DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
# What comes soon after a payment, and is looked for once so much time has passed.
GRACES = (
    (internal_payments, "POSTED_WITHIN_SECONDS"),
    (internal_payments, "STUCK_SECONDS"),
    (internal_settlement, "SETTLED_SECONDS"),
    (internal_settlement, "FEE_SECONDS"),
    (internal_told, "TOLD_WITHIN_SECONDS"),
)
_NONE = -5  # seconds: Stripe's clock says no fractions


def product(named: str) -> Flask:
    """The product's application, or the one inside the host application of this name."""
    module, _, name = named.partition(":")
    made = getattr(import_module(module), name)
    host: Flask = made if isinstance(made, Flask) else made()
    inside = host.extensions.get("payments")
    return inside.app if inside else host


def main(named: str) -> str:
    """Both, in words. Raises UnreadableError where Stripe could not be read."""
    for module, name in GRACES:
        setattr(module, name, _NONE)
    with product(named).app_context():
        before = [*db.session.scalars(select(Finding.kind).order_by(Finding.id))]
        db.session.rollback()
        compare(utcnow() - DAY, utcnow() + HOUR)
        found = [
            f"{finding.kind} of {finding.subject}: {finding.details}"
            for finding in open_findings(db.session(), limit=None)
        ]
    return json.dumps({"found": found, "before": before})


if __name__ == "__main__":
    print(main(*sys.argv[1:]))
