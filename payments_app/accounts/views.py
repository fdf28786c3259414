"""Signing in and out; confirming, changing and setting the password."""

from __future__ import annotations

import re

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts import gate, password_links, sign_in
from payments_app.core.card_numbers import refuse
from payments_app.core.web.access import public, staff
from payments_app.core.web.headers import private
from payments_app.core.web.limits import Rate, limiter
from payments_app.core.web.query import takes
from payments_app.core.web.visitor import visitor_network

blueprint = Blueprint("accounts", __name__, url_prefix="/staff")

WRONG = "The e-mail or password is wrong."
TOO_MANY = "Too many attempts for this account. Wait 15 minutes and try again."
_PER_ADDRESS = Rate(60, 900)
# A path of ours: not //host, and no backslash that a browser would read as a slash.
_OUR_PATH = re.compile(r"/staff(/[^\\\s]*)?(\?[^\\\s]*)?")


@blueprint.get("/login")
@public
def sign_in_page() -> Response | BaseResponse:
    """The form; who is signed in already goes on."""
    if gate.known_member():
        return redirect(_wanted(), 303)
    return _form("accounts/login.html", email="")


@blueprint.post("/login")
@public
def open_session() -> Response | BaseResponse:
    """Sign in."""
    limiter().check("sign-in", _PER_ADDRESS, visitor_network())
    email = request.form.get("email", "")
    refuse(email)
    try:
        token = sign_in.sign_in(email, request.form.get("password", ""), gate.token_sent())
    except sign_in.TooManyTriesError:
        return _form("accounts/login.html", 429, message=TOO_MANY, email=email)
    except sign_in.WrongPasswordError:
        return _form("accounts/login.html", 422, message=WRONG, email=email)
    return _with_token(_wanted(), token)


@blueprint.post("/logout")
@public
def end_session() -> BaseResponse:
    """Sign out; without a session it is done already."""
    member = gate.known_member()
    if member:
        sign_in.sign_out(member)
    response = make_response(redirect(url_for("accounts.sign_in_page"), 303))
    gate.drop_token(response)
    return private(response)


@blueprint.get("/confirm")
@staff("view")
@takes("next")
def confirm() -> Response:
    """Ask for the password again before something that can't be undone."""
    return _form("accounts/confirm.html")


@blueprint.post("/confirm")
@staff("view")
def confirmed() -> Response | BaseResponse:
    """The password again."""
    try:
        sign_in.confirm(gate.signed_in(), request.form.get("password", ""))
    except sign_in.TooManyTriesError:
        return _form("accounts/confirm.html", 429, message=TOO_MANY)
    except sign_in.WrongPasswordError:
        return _form("accounts/confirm.html", 422, message="The password is wrong.")
    return redirect(_wanted(), 303)


@blueprint.get("/password")
@staff("view")
def password() -> Response:
    """The form for another password."""
    return _form("accounts/password.html")


@blueprint.post("/password")
@staff("view")
def change_password() -> Response | BaseResponse:
    """Change the password; every other browser is signed out."""
    old, new = request.form.get("old", ""), request.form.get("new", "")
    try:
        token = sign_in.change_password(gate.signed_in(), old, new)
    except sign_in.TooManyTriesError:
        return _form("accounts/password.html", 429, message=TOO_MANY)
    except sign_in.WrongPasswordError:
        return _form("accounts/password.html", 422, message="The old password is wrong.")
    except ValueError as error:
        return _form("accounts/password.html", 422, message=str(error))
    return _with_token("/staff", token)


@blueprint.get("/password/new")
@public
def new_password() -> Response:
    """The form of a password link."""
    return _link_form(request.args.get("token", ""))


@blueprint.post("/password/new")
@public
def set_password() -> Response:
    """Set the password by a link, and sign in."""
    limiter().check("sign-in", _PER_ADDRESS, visitor_network())
    token = request.form.get("token", "")
    try:
        session = password_links.set_password(token, request.form.get("new", ""))
    except password_links.BadLinkError:
        return _link_form(token)
    except ValueError as error:
        return _link_form(token, 422, message=str(error))
    return _with_token("/staff", session)


def _link_form(token: str, status: int = 200, message: str | None = None) -> Response:
    try:
        email = password_links.email_of(token)
    except password_links.BadLinkError:
        return _form("accounts/bad_link.html", 410)
    known = gate.known_member()
    before = known.email if known is not None and known.email != email else None
    return _form(
        "accounts/new_password.html",
        status,
        message=message,
        token=token,
        email=email,
        before=before,
    )


def _form(
    template: str, status: int = 200, message: str | None = None, **values: str | None
) -> Response:
    page = render_template(template, next=_wanted(), message=message, **values)
    return private(make_response(page, status))


def _wanted() -> str:
    """Where to go afterwards: only ever a page of ours."""
    wanted = request.values.get("next", "")
    return wanted if _OUR_PATH.fullmatch(wanted) else "/staff"


def _with_token(address: str, token: str) -> Response:
    response = make_response(redirect(address, 303))
    gate.send_token(response, token)
    return private(response)
