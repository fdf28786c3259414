"""register: what the portal adds to the application. Without it nothing else changes."""

from __future__ import annotations

from flask import Flask

from payments_app.core.jobs.command import Command
from payments_app.core.web.http import Area
from payments_app.portal import gate, sign_in, views


def register(app: Flask) -> None:
    """Add the pages, the gate before them, and the command that mails a sign-in link."""
    app.register_blueprint(views.blueprint)
    gate.prepare(app)
    own = Area("portal/layout.html", "portal.payments", "Back to your payments")
    app.extensions.setdefault("areas", {})["/portal"] = own
    app.extensions["commands"][sign_in.MAIL_LINK] = Command(sign_in.write_link, "payment_standard")
