"""The second factor: entering a code, setting it up, and recovery codes."""

from __future__ import annotations

import re

from flask import Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts import gate, recovery_codes, second_factor
from payments_app.accounts.blueprint import TOO_MANY, blueprint, form, limit, wanted
from payments_app.accounts.sessions import Pending, find_pending
from payments_app.accounts.throttle import TooManyTriesError
from payments_app.core.extensions import db
from payments_app.core.web.access import public, staff
from payments_app.core.web.headers import private
from payments_app.core.web.links import on_site
from payments_app.core.web.query import takes

WRONG_CODE = "The code is wrong, or was used already. Wait for the next one."


@blueprint.get("/login/code")
@public
@takes("next")
def code_page() -> Response | BaseResponse:
    """The code of the second factor, after a right password."""
    if _pending() is None:
        return redirect(url_for("accounts.sign_in_page"), 303)
    return form("accounts/code.html")


@blueprint.post("/login/code")
@public
def enter_code() -> Response | BaseResponse:
    """Sign in with the code of the app, or a recovery code."""
    limit(gate.caller())
    pending = _pending()
    if pending is None:
        return redirect(url_for("accounts.sign_in_page"), 303)
    try:
        entered = second_factor.enter(pending, request.form.get("code", "")[:60], gate.caller())
    except TooManyTriesError:
        return form("accounts/code.html", 429, message=TOO_MANY)
    except second_factor.WrongCodeError:
        second_factor.note_failure(pending.staff_id)
        return form("accounts/code.html", 422, message=WRONG_CODE)
    response = make_response(redirect(on_site(wanted()), 303))
    gate.send(response, entered)
    return private(response)


@blueprint.get("/second-factor")
@staff("view")
def second_factor_page() -> Response | BaseResponse:
    """Set up the second factor; or how many recovery codes are left."""
    return gate.ask_to_confirm() or _second_factor()


@blueprint.post("/second-factor")
@staff("view")
def set_up_second_factor() -> Response | BaseResponse:
    """The app's first code: from now on one is asked for at each sign-in."""
    if not gate.signed_in().just_confirmed:
        return redirect(url_for("accounts.second_factor_page"), 303)
    try:
        typed = request.form.get("code", "")[:60]
        codes, token = second_factor.complete(gate.signed_in(), typed)
    except second_factor.WrongCodeError:
        return _second_factor(422, message=WRONG_CODE)
    response = private(make_response(render_template("accounts/codes.html", codes=codes)))
    gate.send_token(response, token)
    return response


@blueprint.post("/second-factor/recovery-codes")
@staff("view")
def make_recovery_codes() -> Response | BaseResponse:
    """Other recovery codes, shown this once."""
    if not gate.signed_in().just_confirmed or not gate.signed_in().has_second_factor:
        return redirect(url_for("accounts.second_factor_page"), 303)
    codes = recovery_codes.new_codes(gate.signed_in())
    return private(make_response(render_template("accounts/codes.html", codes=codes)))


def _second_factor(status: int = 200, message: str | None = None) -> Response:
    member = gate.signed_in()
    try:
        secret = second_factor.begin(member)
    except second_factor.SetUpAlreadyError:
        left = str(recovery_codes.codes_left(db.session(), member.id))
        return form("accounts/second_factor.html", status, message, left=left, qr=None, secret=None)
    return form(
        "accounts/second_factor.html",
        status,
        message,
        left=None,
        qr=second_factor.qr(member, secret),
        secret=" ".join(re.findall("..?.?.?", secret)),
    )


def _pending() -> Pending | None:
    token = gate.token_sent()
    return find_pending(db.session(), token) if token else None
