"""A shop in which an event is followed by what a folder's tests look at, and by nothing else: most
of what a payment costs is what comes after it. A test that looks at more is `followed_by_all`."""

from __future__ import annotations

import pytest
from flask import Flask

# Mails, merchants' webhooks, and goods that tests of money do not sell.
NOT_MONEY = ("notices.", "customers.", "downloads.", "subscriptions.")
# What tests of buyers' cards do not look at.
NOT_CARDS = ("ledger.", "settlement.", "notices.", "downloads.", "subscriptions.")


def leave_aside(
    app: Flask, request: pytest.FixtureRequest, aside: tuple[str, ...] = NOT_MONEY
) -> None:
    """Before anything happens: what a process subscribes to is declared with its first message."""
    if request.node.get_closest_marker("followed_by_all"):
        return
    app.extensions["events"] = {
        event: tuple(each for each in listed if not each.command.startswith(aside))
        for event, listed in app.extensions["events"].items()
    }
