"""resend: a delivery once more, when somebody asks."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.jobs import outbox
from payments_app.notices.announce import DELIVER
from payments_app.notices.deliver import lock_delivery, round_key
from payments_app.notices.record_delivery import record_delivery


class EndpointOffError(Exception):
    """This endpoint is turned off. Turn it on to send events."""


@atomic
def resend(session: Session, delivery_id: str, actor: str, *, rounds: int | None = None) -> bool:
    """Send a delivery once more, with the same id and body; False where it is on its way already,
    or was asked for since somebody saw that `rounds` (None: any) were made.

    Raises EndpointOffError, NoResultFound for an unknown delivery.
    """
    endpoint, delivery = lock_delivery(session, delivery_id)
    if not endpoint.enabled:
        raise EndpointOffError(f"{endpoint.id} is switched off")
    if delivery.is_under_way or rounds not in {None, delivery.rounds}:
        return False
    delivery.state, delivery.rounds = "waiting", delivery.rounds + 1
    key = round_key(delivery.id, delivery.rounds)
    outbox.stage(session, DELIVER, delivery.id, key=key)
    record_delivery(session, delivery, "resend_asked", actor=actor)
    return True
