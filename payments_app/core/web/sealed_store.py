"""sealed_store: idempotency keys in a Redis that others may write to.

Each claim and answer is sealed with the name that it is under, and its end. What somebody else put
there, took there from another name, or put back after its time, says nothing: the request runs as
where the store is away, and what must not happen twice has a key of its own in the database.
"""

from __future__ import annotations

import hmac
from time import time

from payments_app.core.web.idempotency_stores import Held, Store, StoreAwayError
from payments_app.core.web.links import seals

_SEAL_LENGTH = 64


class SealedStore:
    """A Store whose values are ours. Its methods need the application's context."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def claim(self, name: str, value: str, seconds: float) -> Held | None:
        """See Store; so are those that follow."""
        return self._opened(name, self._store.claim(name, _sealed(name, value, seconds), seconds))

    def read(self, name: str) -> Held | None:
        return self._opened(name, self._store.read(name))

    def keep(self, name: str, claimed: str, value: str, seconds: float) -> bool:
        mine = self._mine(name, claimed)
        return self._store.keep(name, mine, _sealed(name, value, seconds), seconds)

    def release(self, name: str, claimed: str) -> None:
        self._store.release(name, self._mine(name, claimed))

    def _mine(self, name: str, claimed: str) -> str:
        """Our claim as it stands there, with its end; what is nobody's where it stands no more."""
        held = self._store.read(name)
        return held.value if held and _value(name, held.value) == claimed else _SEAL_LENGTH * "0"

    @staticmethod
    def _opened(name: str, held: Held | None) -> Held | None:
        """Raises StoreAwayError for what is not ours, or was put back after its time."""
        if held is None:
            return None
        value = _value(name, held.value)
        if value is None:
            raise StoreAwayError("what is kept under this key was not written by us")
        return Held(value, held.seconds)


def _sealed(name: str, value: str, seconds: float) -> str:
    ending = f"{time() + seconds:.3f}\n{value}"
    return _seals(name, ending)[0] + ending


def _value(name: str, stored: str) -> str | None:
    """What was sealed under this name, and has not ended."""
    seal, ending = stored[:_SEAL_LENGTH], stored[_SEAL_LENGTH:]
    ours = (hmac.compare_digest(seal.encode(), one.encode()) for one in _seals(name, ending))
    until, _, value = ending.partition("\n")
    return value if any(ours) and float(until) > time() else None


def _seals(name: str, ending: str) -> list[str]:
    return seals("idempotency", f"{name}\n{ending}")
