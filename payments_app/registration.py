"""registration: what a package adds to an application, the product's own or a stranger's."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask

from payments_app.core.jobs.command import Command, Subscriber
from payments_app.payments.sellable import Sellable


def register(
    app: Flask,
    *,
    sellables: tuple[Sellable, ...] = (),
    commands: Mapping[str, Command] | None = None,
    events: Mapping[str, tuple[Subscriber, ...]] | None = None,
) -> None:
    """Add what a package brings along to an application: what it sells, the commands that it can
    do, and its subscribers of each event."""
    known = app.extensions.setdefault("events", {})
    added = {event: known.get(event, ()) + listed for event, listed in (events or {}).items()}
    app.extensions["events"] = known | added
    app.extensions["commands"] = app.extensions.get("commands", {}) | dict(commands or {})
    app.extensions["sellables"] = (*app.extensions.get("sellables", ()), *sellables)
