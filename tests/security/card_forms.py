"""A card's number in every field of every form."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from tests.accounts.staff_driver import HTML, Browser
from tests.route_walk import address, form_fields, routes, token_of
from tests.security.card_texts import VISA

# What is sent in the other fields, so that a form would be taken but for the card's number.
FINE = {
    "amount": "1.00",
    "charge_type": "destination",
    "country": "US",
    "email": "new@example.com",
    "from": "2026-01-05",
    "to": "2026-01-05",
    "least": "1",
    "most": "2",
    "currency": "usd",
    "role": "viewer",
    "status": "failed",
    "stripe_reason": "",
    "rounds": "0",
    "url": "https://192.0.43.8/hook",
}


@atomic
def kept(session: Session) -> str:
    """All that the database holds, by its digits."""
    found = []
    for table in inspect(session.get_bind()).get_table_names():
        rows = (
            session.execute(db.metadata.tables[table].select())
            if (table in db.metadata.tables)
            else []
        )
        found += [re.sub(r"\D+", "", str(value)) for row in rows for value in row]
    return "\n".join(found)


def spoil_every_form(
    app: Flask, audience: str, browser: Browser, page: str, values: dict[str, Any]
) -> int:
    """Send it to every POST of this audience; how many there are. `page` has a token."""
    token = token_of(browser, page)
    posts = [address(app, rule, values) for rule in routes(app, audience, "POST")]
    free = dict.fromkeys(form_fields(), "4242/4242\n4242, 4242")
    # All that is free at once, as long as there is something to decide; then the others one by one.
    for name in ("", *FINE):
        form = {**free, **FINE, **({name: _spoiled(name)} if name else {})}
        for path in posts:
            browser.client.post(path, data={**form, "csrf_token": token}, headers=HTML)
    return len(posts)


def _spoiled(name: str) -> str:
    if "email" in name:
        return f"{VISA}@example.com"
    return f"https://192.0.43.8/{VISA}" if name == "url" else "4242/4242\n4242, 4242"
