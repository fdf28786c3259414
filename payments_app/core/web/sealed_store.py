"""sealed_store: idempotency keys in a Redis that others may write to.

Each claim and answer is sealed with the name that it is under. What somebody else put there, or
took there from another name, says nothing: the request runs as where the store is away, and what
must not happen twice has a key of its own in the database.
"""

from __future__ import annotations

import hmac

from payments_app.core.web.idempotency_stores import Held, Store, StoreAwayError
from payments_app.core.web.links import seals

_SEAL_LENGTH = 64


class SealedStore:
    """A Store whose values are ours. Its methods need the application's context."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def claim(self, name: str, value: str, seconds: float) -> Held | None:
        """See Store; so are those that follow."""
        return self._opened(name, self._store.claim(name, _sealed(name, value), seconds))

    def read(self, name: str) -> Held | None:
        return self._opened(name, self._store.read(name))

    def keep(self, name: str, claimed: str, value: str, seconds: float) -> bool:
        return self._store.keep(name, _sealed(name, claimed), _sealed(name, value), seconds)

    def release(self, name: str, claimed: str) -> None:
        self._store.release(name, _sealed(name, claimed))

    @staticmethod
    def _opened(name: str, held: Held | None) -> Held | None:
        """Raises StoreAwayError for what is not ours."""
        if held is None:
            return None
        seal, value = held.value[:_SEAL_LENGTH], held.value[_SEAL_LENGTH:]
        ours = (hmac.compare_digest(seal.encode(), one.encode()) for one in _seals(name, value))
        if not any(ours):
            raise StoreAwayError("what is kept under this key was not written by us")
        return Held(value, held.seconds)


def _sealed(name: str, value: str) -> str:
    return _seals(name, value)[0] + value


def _seals(name: str, value: str) -> list[str]:
    return seals("idempotency", f"{name}\n{value}")
