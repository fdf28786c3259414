"""The steps of a worker: each side of a database transaction, of a statement that is one by itself,
and of a call to Stripe."""

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
    at_once = database._at_once

    def committing(session: Session) -> None:
        step("before commit")
        commit(session)
        step("after commit")

    def writing_at_once(engine: Any, statement: Any) -> Any:
        if statement.is_select:
            return at_once(engine, statement)
        step("before statement")
        rows = at_once(engine, statement)
        step("after statement")
        return rows

    def requesting(client: Any, method: str, url: str, *rest: Any, **more: Any) -> Any:
        step(f"before {method.upper()} {url.rpartition('/')[2]}")
        answer = request(client, method, url, *rest, **more)
        step(f"after {method.upper()} {url.rpartition('/')[2]}")
        return answer

    replace(database, "_commit", committing)
    replace(database, "_at_once", writing_at_once)
    replace(stripe.RequestsClient, "request", requesting)
