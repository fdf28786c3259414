"""The gate of every page of the portal but the sign-in pages: which merchant is asking."""

from __future__ import annotations

import datetime as dt

from flask import Flask, g, redirect, url_for
from werkzeug.wrappers import Response

from payments_app.core.ago import ago, moment_shown, seconds_shown
from payments_app.core.db.clock import in_zone, utcnow
from payments_app.core.extensions import db
from payments_app.core.web import access
from payments_app.core.web.http import ProblemError, wants_json
from payments_app.merchants.models import Merchant
from payments_app.merchants.zones import zone_named
from payments_app.portal.sign_in import signed_in_merchant


def prepare(app: Flask) -> None:
    """Check every merchant's route."""
    access.check_merchants_with(app, check)


def check() -> Response | None:
    """Let the request pass, or answer with the sign-in page."""
    g.merchant = signed_in_merchant(db.session())
    if g.merchant is not None:
        return None
    if wants_json():
        raise ProblemError(401, "unauthorized", "Sign in first.")
    return redirect(url_for("portal.sign_in_page"), 303)


def asking() -> Merchant:
    """The merchant of this request, on a route that `check` let through."""
    merchant: Merchant = g.merchant
    return merchant


def local(moment: dt.datetime) -> str:
    """A moment as this merchant's clocks show it."""
    return moment_shown(in_zone(moment, zone_named(asking().timezone)))


def exact(moment: dt.datetime) -> str:
    """The same to the second, for what follows one another."""
    return seconds_shown(in_zone(moment, zone_named(asking().timezone)))


def ago_of(moment: dt.datetime) -> str:
    """How long a moment is past, by this merchant's days."""
    zone = zone_named(asking().timezone)
    return ago(in_zone(moment, zone), in_zone(utcnow(), zone))


def actor() -> str:
    """The same as history names them."""
    return asking().id
