"""api_keys: the secrets by which other applications are known to this one.

A key is shown once, and kept as a hash. It has a name, the scopes that it may use, and one mode,
test or live, which is that of the deployment. A rotated key's old secret stays good for a while.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import String, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from payments_app.core import history
from payments_app.core.card_numbers import refuse
from payments_app.core.db.clock import database_now
from payments_app.core.db.columns import JSON_TYPE, Key
from payments_app.core.db.ids import new_id
from payments_app.core.db.session import atomic
from payments_app.core.extensions import Base, db
from payments_app.core.history import HistoryEntry
from payments_app.core.web.tokens import hash_token, new_token

SCOPES = {
    "payments:read": "Read payments, refunds and events",
    "payments:write": "Ask for payments, and cancel those that are open",
    "refunds:write": "Refund payments",
    "customers:read": "Read its customers and their cards",
    "customers:write": "Store its customers, and remove their cards",
    "cards:charge": "Charge kept cards without their owners",
}
OVERLAP_HOURS = 24
MOST_OVERLAP_HOURS = 24 * 30
_SHOWS_A_SECRET = ("api_key.created", "api_key.rotated")
_USED_EVERY = 60  # seconds between two writes of `used_at`
_NAME = re.compile(r"[\w .:@/-]{1,60}")


class ApiKey(Base):
    """`ends_in` is what a person tells two keys apart by. `old_secret_hash` is good until
    `old_secret_until`."""

    __tablename__ = "pay_api_keys"

    id: Mapped[str] = mapped_column(String(40), primary_key=True, default=lambda: new_id("key"))
    name: Mapped[str] = mapped_column(String(60))
    scopes: Mapped[list[str]] = mapped_column(JSON_TYPE)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    ends_in: Mapped[str] = mapped_column(String(4))
    old_secret_hash: Mapped[str | None] = mapped_column(Key(64), unique=True)
    old_secret_until: Mapped[dt.datetime | None]
    created_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[dt.datetime] = mapped_column(server_default=database_now())
    used_at: Mapped[dt.datetime | None]
    revoked_at: Mapped[dt.datetime | None]


def mode_of(*, live: bool) -> str:
    """The word in a key that says what it can move."""
    return "live" if live else "test"


def prefix_of(*, live: bool) -> str:
    """How the keys of a mode begin. It is none of Stripe's, and a scan for secrets finds it."""
    return f"pay_{mode_of(live=live)}_"


@atomic
def create(
    session: Session, name: str, scopes: Collection[str], actor: str, *, live: bool
) -> tuple[str, str]:
    """Store a key; return its id and its secret, which nobody can read again.

    Raises ValueError with a sentence for a name or a scope that is none.
    """
    name = name.strip()
    if not _NAME.fullmatch(name):
        raise ValueError("Enter a name of up to 60 letters, digits and . : @ / - _")
    refuse(name)
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise ValueError(f"Choose at least one of the scopes: {', '.join(SCOPES)}.")
    secret = new_token(prefix_of(live=live))
    key = ApiKey(
        name=name,
        scopes=sorted(set(scopes)),
        secret_hash=hash_token(secret),
        ends_in=secret[-4:],
        created_by=actor,
    )
    session.add(key)
    session.flush()
    _note(session, "created", key, actor, name=name, scopes=key.scopes)
    return key.id, secret


@atomic
def rotate(
    session: Session, key_id: str, actor: str, *, live: bool, hours: int = OVERLAP_HOURS
) -> str:
    """Give the key a new secret and return it; the old one is good for `hours` more (0: for no
    moment). What an idempotency key of it names stays the same.

    Raises ValueError for a revoked key or an odd number of hours, and NoResultFound.
    """
    if not 0 <= hours <= MOST_OVERLAP_HOURS:
        raise ValueError(f"The overlap is from 0 to {MOST_OVERLAP_HOURS} hours.")
    key = _lock(session, key_id)
    if key.revoked_at is not None:
        raise ValueError("This key is revoked. Create another one.")
    secret = new_token(prefix_of(live=live))
    key.old_secret_hash = key.secret_hash if hours else None
    key.old_secret_until = session.execute(select(database_now(hours * 3600))).scalar_one()
    key.secret_hash, key.ends_in = hash_token(secret), secret[-4:]
    _note(session, "rotated", key, actor, hours=hours)
    return secret


@atomic
def revoke(session: Session, key_id: str, actor: str) -> None:
    """Neither of its secrets is good any more. Raises NoResultFound for an unknown key."""
    key = _lock(session, key_id)
    if key.revoked_at is None:
        key.revoked_at = session.execute(select(database_now())).scalar_one()
        key.old_secret_hash = key.old_secret_until = None
        _note(session, "revoked", key, actor)


def all_keys(session: Session) -> Sequence[ApiKey]:
    """Those that are good first, by name."""
    listed = select(ApiKey).order_by(ApiKey.revoked_at.is_not(None), ApiKey.name, ApiKey.id)
    return session.scalars(listed).all()


def shown_to(session: Session, staff_id: str) -> list[ApiKey]:
    """Those of which this member was shown a secret that is still good."""
    good = [key for key in all_keys(session) if key.revoked_at is None]
    now = session.execute(select(database_now())).scalar_one()
    return [key for key in good if staff_id in _shown(session, key, now)]


def _shown(session: Session, key: ApiKey, now: dt.datetime) -> Sequence[str]:
    """Who was shown the key's secret, and the one before while that is good."""
    overlap = key.old_secret_until is not None and key.old_secret_until > now
    made = select(HistoryEntry.actor).where(
        HistoryEntry.subject == key.id, HistoryEntry.what.in_(_SHOWS_A_SECRET)
    )
    newest = made.order_by(HistoryEntry.id.desc()).limit(2 if overlap else 1)
    return session.scalars(newest).all()


def key_of(session: Session, secret: str) -> ApiKey | None:
    """Whose secret this is; None where it is nobody's, or good no more."""
    hashed = hash_token(secret)
    found = select(ApiKey).where(
        ApiKey.revoked_at.is_(None),
        or_(
            ApiKey.secret_hash == hashed,
            (ApiKey.old_secret_hash == hashed) & (ApiKey.old_secret_until > database_now()),
        ),
    )
    return session.scalars(found.execution_options(populate_existing=True)).first()


def mark_used(key: ApiKey) -> None:
    """Keep that it was used, once a minute at most."""
    stale = select(or_(ApiKey.used_at.is_(None), ApiKey.used_at < database_now(-_USED_EVERY)))
    if db.session.execute(stale.where(ApiKey.id == key.id)).scalar_one_or_none():
        _mark_used(key.id)


@atomic
def _mark_used(session: Session, key_id: str) -> None:
    session.execute(update(ApiKey).where(ApiKey.id == key_id).values(used_at=database_now()))


def _lock(session: Session, key_id: str) -> ApiKey:
    return session.get_one(ApiKey, key_id, with_for_update=True, populate_existing=True)


def _note(session: Session, what: str, key: ApiKey, actor: str, **data: Any) -> None:
    history.record(session, "staff", f"api_key.{what}", actor=actor, subject=key.id, **data)
