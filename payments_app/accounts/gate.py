"""The gate of every staff route: who is asking, and may they."""

from __future__ import annotations

from flask import Flask, Response, current_app, g, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts import second_factor
from payments_app.accounts.sessions import Member, find_member
from payments_app.accounts.sign_in import SignedIn
from payments_app.accounts.throttle import KNOWN_SECONDS, Caller
from payments_app.core import history
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.web import access
from payments_app.core.web.cookies import cookie_name, cookie_path
from payments_app.core.web.http import ProblemError, wants_json
from payments_app.core.web.visitor import visitor_network

_ASKED_BY_PAGES = "ops.incident_banner"  # every few seconds: nobody stays signed in by it


def prepare(app: Flask) -> None:
    """Check every staff route, and tell templates who is signed in."""
    access.check_staff_with(app, check)
    app.context_processor(lambda: {"member": g.get("member")})


def check(permission: str) -> BaseResponse | None:
    """Let the request pass, or answer with the sign-in page. Raises Forbidden, with a history
    entry, where the member's role does not have the permission."""
    member = g.member = known_member()
    if member is None:
        return _ask_to_sign_in()
    if second_factor.is_missing(member) and request.blueprint != "accounts":
        return _ask_to_set_up()
    if not member.may(permission):
        _note_denial(member.id, permission, request.method, request.path)
        raise Forbidden
    return None


def known_member() -> Member | None:
    """The member whose cookie this browser sent; None where it is no good any more."""
    token = token_sent()
    by_itself = request.endpoint == _ASKED_BY_PAGES
    return find_member(db.session(), token, sees=not by_itself) if token else None


def signed_in() -> Member:
    """The member of this request, on a route that `check` let through."""
    member: Member = g.member
    return member


def may_open(endpoint: str) -> bool:
    """Whether the member of this request may call this route of staff."""
    declared = access.access_of(current_app, endpoint)
    return bool(declared and declared.permission and signed_in().may(declared.permission))


def ask_to_confirm() -> BaseResponse | None:
    """Before something that can't be undone: None where the password was typed just now, else
    the redirect to the page that asks for it and comes back."""
    if signed_in().just_confirmed:
        return None
    back = request.full_path if request.method == "GET" else request.referrer or ""
    return redirect(url_for("accounts.confirm", next=back.rstrip("?")), 303)


def token_sent() -> str | None:
    """The token in this browser's cookie."""
    return request.cookies.get(_name("staff"))


def send_token(response: Response, token: str) -> None:
    """Keep the token in the browser until it closes. Never sent along from another site."""
    response.set_cookie(
        _name("staff"), token, path=_path(), secure=_tls(), httponly=True, samesite="Strict"
    )


def send(response: Response, signed_in: SignedIn) -> None:
    """Keep a new session's token, and for half a year that this browser signed in."""
    send_token(response, signed_in.token)
    if signed_in.browser is not None:
        know_browser(response, signed_in.browser)


def know_browser(response: Response, token: str) -> None:
    """Let the browser say next time that it signed in before."""
    response.set_cookie(
        _name("staff-browser"),
        token,
        max_age=KNOWN_SECONDS,
        path=_path(),
        secure=_tls(),
        httponly=True,
        samesite="Strict",
    )


def caller() -> Caller:
    """Who tries to sign in."""
    return Caller(visitor_network(), request.cookies.get(_name("staff-browser")))


def drop_token(response: Response) -> None:
    """Take the cookie back."""
    response.delete_cookie(
        _name("staff"), path=_path(), secure=_tls(), httponly=True, samesite="Strict"
    )


def _ask_to_sign_in() -> BaseResponse:
    if wants_json():
        raise ProblemError(401, "unauthorized", "Sign in first.")
    # The address that is opened after signing in must be one that a GET answers.
    wanted = request.full_path.rstrip("?") if request.method == "GET" else ""
    return redirect(url_for("accounts.sign_in_page", next=wanted or None), 303)


def _ask_to_set_up() -> BaseResponse:
    if wants_json():
        raise ProblemError(403, "second_factor_required", "Set up your second factor first.")
    return redirect(url_for("accounts.second_factor_page"), 303)


@atomic
def _note_denial(session: Session, staff_id: str, permission: str, method: str, path: str) -> None:
    history.record(
        session,
        "staff",
        "staff.denied",
        actor=staff_id,
        subject=staff_id,
        permission=permission,
        request=f"{method} {path[:200]}",
    )


def _tls() -> bool:
    return bool(current_app.config["CONFIG"].tls)


def _name(cookie: str) -> str:
    return cookie_name(current_app, cookie)


def _path() -> str:
    return cookie_path(current_app)
