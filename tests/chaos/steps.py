"""The steps of a worker: each side of a database transaction and of a call to Stripe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import stripe
from sqlalchemy.orm import Session

from payments_app.core.db import session as database


def hook(replace: Callable[[Any, str, Any], None], step: Callable[[str], None]) -> None:
    """Call `step(name)` at each, from now on; `replace(owner, name, value)` is setattr, or one
    that undoes itself."""
    commit, request = database._commit, stripe.RequestsClient.request

    def committing(session: Session) -> None:
        step("before commit")
        commit(session)
        step("after commit")

    def requesting(client: Any, method: str, url: str, *rest: Any, **more: Any) -> Any:
        step(f"before {method.upper()} {url.rpartition('/')[2]}")
        answer = request(client, method, url, *rest, **more)
        step(f"after {method.upper()} {url.rpartition('/')[2]}")
        return answer

    replace(database, "_commit", committing)
    replace(stripe.RequestsClient, "request", requesting)
