"""registration: what a package adds to an application, the product's own or a stranger's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import entry_points

from flask import Flask

from payments_app.core.jobs.command import Command, Subscriber
from payments_app.payments.sellable import Sellable

Plugin = Callable[[Flask], None]
GROUP = "payments_app.plugins"


@cache
def installed_plugins() -> tuple[Plugin, ...]:
    """What installed packages add, by the entry points of GROUP: functions of the application."""
    return tuple(point.load() for point in entry_points(group=GROUP))


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
