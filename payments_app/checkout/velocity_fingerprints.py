"""velocity_fingerprints: from where payments were asked for, so that declines can be counted by it.

Kept in the database with the payment itself: what counts card testers holds without Redis. A
fingerprint is a keyed hash, and goes after a day.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from payments_app.checkout import buyers
from payments_app.core.db.clock import database_now
from payments_app.core.email_addresses import compared
from payments_app.core.extensions import Base
from payments_app.core.web.links import seal
from payments_app.core.web.visitor import visitor_network
from payments_app.payments.models import Transaction
from payments_app.payments.phases import Phase

WINDOW_SECONDS = 3600
KEEP_SECONDS = 24 * 3600


class VelocityFingerprint(Base):
    """A payment was asked for from here: an address, a browser, or for an e-mail."""

    __tablename__ = "pay_velocity_fingerprints"

    fingerprint: Mapped[str] = mapped_column(String(40), primary_key=True)
    transaction_id: Mapped[str] = mapped_column(ForeignKey("pay_transactions.id"), primary_key=True)
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now(), index=True)


def fingerprints_of(email: str = "") -> dict[str, str]:
    """This request's fingerprints by kind; what is not known yet has none."""
    known = {
        "address": visitor_network(),
        "browser": buyers.known_browser() or "",
        "email": compared(email),
    }
    return {kind: seal(f"mark:{kind}", value)[:40] for kind, value in known.items() if value}


def declines(session: Session, fingerprints: dict[str, str]) -> dict[str, int]:
    """Card declines by kind in the last WINDOW_SECONDS."""
    counts = session.execute(
        select(VelocityFingerprint.fingerprint, func.count())
        .join(Transaction, Transaction.id == VelocityFingerprint.transaction_id)
        .where(
            VelocityFingerprint.fingerprint.in_(fingerprints.values()),
            VelocityFingerprint.created_at > database_now(-WINDOW_SECONDS),
            Transaction.phase == Phase.FAILED,
            Transaction.error_code.is_not(None),
        )
        .group_by(VelocityFingerprint.fingerprint)
    )
    found = {row[0]: int(row[1]) for row in counts}
    return {kind: found.get(fingerprint, 0) for kind, fingerprint in fingerprints.items()}
