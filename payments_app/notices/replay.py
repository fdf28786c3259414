"""replay: send an endpoint again all that happened since a time, such as after a day of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.db.ids import new_id
from payments_app.core.db.session import atomic, insert_many
from payments_app.core.jobs.stage_many import stage_many
from payments_app.merchants import endpoints
from payments_app.merchants.models import Endpoint
from payments_app.merchants.topics import TOPICS
from payments_app.notices.announce import DELIVER
from payments_app.notices.deliver import TURNS, lock_merchant, on_their_way, round_key
from payments_app.notices.resend import EndpointOffError
from payments_app.notices.webhook_models import Delivery, WebhookEvent

MOST = 1000  # at once, and on their way to one merchant


class TooManyEventsError(Exception):
    """More than MOST events happened since then."""

    def __init__(self) -> None:
        super().__init__(f"More than {MOST:,} events happened since then. Choose a later time.")


class StillOnTheirWayError(Exception):
    """With these more than MOST would be on their way to this merchant."""

    def __init__(self, waiting: int) -> None:
        super().__init__(
            f"{waiting:,} events are on their way to your endpoints, and at most {MOST:,} may be at"
            " once. Wait until they have arrived, or turn off an endpoint that takes none."
        )


@atomic
def replay(session: Session, endpoint_id: str, since: dt.datetime, actor: str) -> int:
    """Send each event since then, of those that the endpoint asks for, once more and return how
    many: with the ids and bodies that they had, oldest first. What is on its way already is left.

    Raises EndpointOffError, TooManyEventsError, StillOnTheirWayError, NoResultFound.
    """
    endpoint = endpoints.lock(session, endpoint_id)
    if not endpoint.enabled:
        raise EndpointOffError(f"{endpoint_id} is switched off")
    events = list(session.scalars(_happened(endpoint, since)))
    if len(events) > MOST:
        raise TooManyEventsError
    lock_merchant(session, endpoint.merchant_id)  # who presses at two endpoints is counted once
    waiting = on_their_way(session, endpoint.merchant_id, MOST + 1)
    known = _made(session, endpoint_id, events)
    asked = [event for event in events if event not in known or not known[event].is_under_way]
    if asked and waiting + len(asked) > MOST:
        raise StillOnTheirWayError(waiting)
    sent = _send(session, endpoint_id, asked, known)
    history.record(
        session,
        "staff",
        "merchant_endpoint.replayed",
        actor=actor,
        subject=endpoint_id,
        merchant=endpoint.merchant_id,
        since=since.isoformat(),
        count=str(sent),
    )
    return sent


def _made(session: Session, endpoint_id: str, events: Sequence[str]) -> dict[str, Delivery]:
    """The deliveries of these events to the endpoint, locked, by the event."""
    made = select(Delivery).where(
        Delivery.endpoint_id == endpoint_id, Delivery.event_id.in_(events)
    )
    return {one.event_id: one for one in session.scalars(made.with_for_update())}


def _send(
    session: Session, endpoint_id: str, events: Sequence[str], known: dict[str, Delivery]
) -> int:
    """By one statement each, so that nobody waits long for the endpoint's row; and so many a
    second: what another merchant is sent meanwhile comes in between. Returns how many."""
    new = {event: new_id("whd") for event in events if event not in known}
    rows = [{"id": id_, "event_id": on, "endpoint_id": endpoint_id} for on, id_ in new.items()]
    stored = set(insert_many(session, Delivery, rows))  # announced at this moment: not twice
    again = {event: known[event] for event in events if event in known}
    session.execute(
        update(Delivery)
        .where(Delivery.id.in_([one.id for one in again.values()]))
        .values(state="waiting", rounds=Delivery.rounds + 1)
        .execution_options(synchronize_session=False)
    )
    messages = {on: (f"{DELIVER}:{id_}", id_) for on, id_ in new.items() if id_ in stored}
    messages |= {on: (round_key(one.id, one.rounds + 1), one.id) for on, one in again.items()}
    stage_many(session, DELIVER, [messages[on] for on in events if on in messages], TURNS)
    return len(messages)


def _happened(endpoint: Endpoint, since: dt.datetime) -> Select[str]:
    return (
        select(WebhookEvent.id)
        .where(
            WebhookEvent.merchant_id == endpoint.merchant_id,
            WebhookEvent.created_at >= since,
            WebhookEvent.type.in_(endpoint.topics or TOPICS),
        )
        .order_by(WebhookEvent.created_at, WebhookEvent.id)
        .limit(MOST + 1)
    )
