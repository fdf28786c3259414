"""endpoints: add, change, switch off and on a merchant's webhook endpoints."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable
from urllib.parse import unquote

from sqlalchemy.orm import Session

from payments_app.core import history
from payments_app.core.card_numbers import CardNumberError, refuse
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.web.signing import SECRET_PREFIX
from payments_app.merchants.address import AddressRefusedError, Guard
from payments_app.merchants.models import Endpoint
from payments_app.merchants.topics import TOPICS, chosen

ROTATION_SECONDS = 24 * 3600


def new_secret() -> str:
    """A signing secret of 32 random bytes, as Standard Webhooks writes them."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def add_endpoint(
    merchant_id: str, url: str, *, guard: Guard, actor: str, topics: Iterable[str] = TOPICS
) -> str:
    """Add an endpoint and return its id.

    Raises AddressRefusedError, UnknownHostError, UnknownTopicError.
    """
    wanted = chosen(topics)
    _refuse_card_number(url)
    guard.target(url)
    return _add(merchant_id, url, wanted, actor)


@atomic
def choose_topics(session: Session, endpoint_id: str, topics: Iterable[str], actor: str) -> None:
    """Send it these events alone from now on. Raises UnknownTopicError, NoResultFound."""
    wanted = chosen(topics)
    endpoint = lock(session, endpoint_id)
    endpoint.topics = wanted
    _note(session, "topics_chosen", endpoint, actor, topics=", ".join(wanted or TOPICS))


def change_url(endpoint_id: str, url: str, *, guard: Guard, actor: str) -> None:
    """Let an endpoint be elsewhere; its failures are forgotten.

    Raises AddressRefusedError, UnknownHostError.
    """
    _refuse_card_number(url)
    guard.target(url)
    _change_url(endpoint_id, url, actor)


@atomic
def rotate_secret(session: Session, endpoint_id: str, actor: str) -> str:
    """Roll secret and return it; the old one signs beside it for ROTATION_SECONDS more."""
    endpoint = lock(session, endpoint_id)
    endpoint.old_secret, endpoint.secret = endpoint.secret, new_secret()
    endpoint.old_secret_until = database_now(ROTATION_SECONDS)
    _note(session, "secret_rotated", endpoint, actor)
    return endpoint.secret


@atomic
def enable(session: Session, endpoint_id: str, actor: str) -> None:
    """Switch an endpoint on, with a clean slate."""
    endpoint = lock(session, endpoint_id)
    forget_failures(endpoint)
    endpoint.enabled, endpoint.disabled_at, endpoint.disabled_reason = True, None, None
    _note(session, "enabled", endpoint, actor)


@atomic
def disable(session: Session, endpoint_id: str, actor: str, reason: str) -> None:
    """Switch an endpoint off: what is waiting for it is not sent."""
    switch_off(session, lock(session, endpoint_id), reason, actor=actor)


def switch_off(
    session: Session, endpoint: Endpoint, reason: str, *, actor: str = history.SYSTEM
) -> None:
    """Switch a locked endpoint off in the caller's transaction."""
    if endpoint.enabled:
        endpoint.enabled, endpoint.disabled_at = False, database_now()
        endpoint.disabled_reason = reason
        _note(session, "disabled", endpoint, actor, reason=reason)


def forget_failures(endpoint: Endpoint) -> None:
    """After a success, or where it may be another one now."""
    endpoint.failures, endpoint.failing_since, endpoint.warned = 0, None, 0


def lock(session: Session, endpoint_id: str) -> Endpoint:
    """The endpoint, locked to the end of the caller's transaction. Raises NoResultFound."""
    return session.get_one(Endpoint, endpoint_id, with_for_update=True, populate_existing=True)


@atomic
def _add(session: Session, merchant_id: str, url: str, topics: list[str] | None, actor: str) -> str:
    endpoint = Endpoint(merchant_id=merchant_id, url=url, secret=new_secret(), topics=topics)
    session.add(endpoint)
    session.flush()
    _note(session, "added", endpoint, actor, url=url)
    return endpoint.id


@atomic
def _change_url(session: Session, endpoint_id: str, url: str, actor: str) -> None:
    endpoint = lock(session, endpoint_id)
    _note(session, "moved", endpoint, actor, url=url, was=endpoint.url)
    endpoint.url = url
    forget_failures(endpoint)


def _refuse_card_number(url: str) -> None:
    try:
        refuse(unquote(url))
    except CardNumberError as error:
        raise AddressRefusedError("it holds what looks like a card number") from error


def _note(session: Session, what: str, endpoint: Endpoint, actor: str, **data: str) -> None:
    history.record(
        session,
        "system" if actor == history.SYSTEM else "staff",
        f"merchant_endpoint.{what}",
        actor=actor,
        subject=endpoint.id,
        merchant=endpoint.merchant_id,
        **data,
    )
