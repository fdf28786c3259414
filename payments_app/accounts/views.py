"""Signing in and out; confirming, changing and setting the password."""

from __future__ import annotations

from flask import Response, make_response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts import gate, password_links, second_factor_pages, sign_in
from payments_app.accounts.blueprint import TOO_MANY, blueprint, form, limit, wanted
from payments_app.accounts.throttle import TooManyTriesError
from payments_app.core.card_numbers import refuse
from payments_app.core.email_addresses import MAX_LENGTH
from payments_app.core.web import one_time_links
from payments_app.core.web.access import public, staff
from payments_app.core.web.headers import private
from payments_app.core.web.links import on_site
from payments_app.core.web.query import takes

__all__ = ["blueprint", "second_factor_pages"]

WRONG = "The e-mail or password is wrong."
BUSY = "Many people are signing in just now. Try again in a moment."


@blueprint.get("/login")
@public
def sign_in_page() -> Response | BaseResponse:
    """The form; who is signed in already goes on."""
    if gate.known_member():
        return redirect(on_site(wanted()), 303)
    return form("accounts/login.html", email="")


@blueprint.post("/login")
@public
def open_session() -> Response | BaseResponse:
    """Sign in."""
    limit(gate.caller())
    email = request.form.get("email", "")[: MAX_LENGTH + 1]
    refuse(email)
    try:
        entered = sign_in.sign_in(
            email, request.form.get("password", ""), gate.caller(), gate.token_sent()
        )
    except TooManyTriesError:
        return form("accounts/login.html", 429, message=TOO_MANY, email=email)
    except sign_in.BusyError:
        return form("accounts/login.html", 429, message=BUSY, email=email)
    except sign_in.WrongPasswordError:
        return form("accounts/login.html", 422, message=WRONG, email=email)
    return _entered(wanted(), entered)


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
    return form("accounts/confirm.html")


@blueprint.post("/confirm")
@staff("view")
def confirmed() -> Response | BaseResponse:
    """The password again."""
    try:
        sign_in.confirm(gate.signed_in(), request.form.get("password", ""))
    except TooManyTriesError:
        return form("accounts/confirm.html", 429, message=TOO_MANY)
    except sign_in.WrongPasswordError:
        return form("accounts/confirm.html", 422, message="The password is wrong.")
    return redirect(on_site(wanted()), 303)


@blueprint.get("/password")
@staff("view")
def password() -> Response:
    """The form for another password."""
    return form("accounts/password.html")


@blueprint.post("/password")
@staff("view")
def change_password() -> Response | BaseResponse:
    """Change the password; every other browser is signed out."""
    old, new = request.form.get("old", ""), request.form.get("new", "")
    try:
        token = sign_in.change_password(gate.signed_in(), old, new)
    except TooManyTriesError:
        return form("accounts/password.html", 429, message=TOO_MANY)
    except sign_in.WrongPasswordError:
        return form("accounts/password.html", 422, message="The old password is wrong.")
    except ValueError as error:
        return form("accounts/password.html", 422, message=str(error))
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
    limit(gate.caller())
    token = request.form.get("token", "")
    try:
        browser, new = gate.caller().browser, request.form.get("new", "")
        entered = password_links.set_password(token, new, browser, gate.token_sent())
    except password_links.BadLinkError:
        return _link_form(token)
    except ValueError as error:
        return _link_form(token, 422, message=str(error))
    return _entered("/staff", entered)


def _entered(address: str, entered: sign_in.SignedIn) -> Response:
    if entered.browser is None:
        next_ = request.form.get("next") and wanted()
        address = url_for("accounts.code_page", next=next_ or None)
    response = make_response(redirect(on_site(address), 303))
    gate.send(response, entered)
    return private(response)


def _link_form(token: str, status: int = 200, message: str | None = None) -> Response:
    try:
        email = password_links.email_of(token)
    except password_links.BadLinkError:
        return form("accounts/bad_link.html", 410, minutes=str(one_time_links.minutes()))
    known = gate.known_member()
    before = known.email if known is not None and known.email != email else None
    return form(
        "accounts/new_password.html",
        status,
        message=message,
        token=token,
        email=email,
        before=before,
    )


def _with_token(address: str, token: str) -> Response:
    response = make_response(redirect(on_site(address), 303))
    gate.send_token(response, token)
    return private(response)
