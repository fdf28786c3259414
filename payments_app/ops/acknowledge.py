"""acknowledge: a person has seen an alert and deals with it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, select, true
from sqlalchemy.orm import Session

from payments_app.core import alerts, history
from payments_app.core.alerts import Alert
from payments_app.core.db.session import atomic

PAGE = 100


def alerts_of(*, opened: bool, kinds: Sequence[str] | None = None) -> Select[Alert]:
    """Alerts that are open, or that were acknowledged, the newest first; of these `kinds` alone
    where they are named."""
    seen = Alert.acknowledged_at
    return (
        select(Alert)
        .where(seen.is_(None) if opened else seen.is_not(None))
        .where(Alert.kind.in_(kinds) if kinds is not None else true())
        .order_by(Alert.last_at.desc(), Alert.id.desc())
    )


@atomic
def acknowledge(session: Session, alert_id: int, actor: str) -> bool:
    """Close an alert in somebody's name; what happens next of its kind is an alert of its own.
    False where it is closed already or was never there."""
    key = session.scalar(
        select(Alert.key).where(Alert.id == alert_id, Alert.acknowledged_at.is_(None))
    )
    if key is None or not alerts.acknowledge(session, key, actor):
        return False
    history.record(
        session, "staff", "alert.acknowledged", actor=actor, subject=f"alert {alert_id}", key=key
    )
    return True
