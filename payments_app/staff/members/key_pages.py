"""API keys of other applications: for administrators, after they typed their password just now."""

from __future__ import annotations

from flask import Response, current_app, redirect, request, url_for
from sqlalchemy.exc import NoResultFound
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts import api_keys
from payments_app.accounts.gate import ask_to_confirm, signed_in
from payments_app.core.card_numbers import CardNumberError
from payments_app.core.extensions import db
from payments_app.core.web.access import staff
from payments_app.staff.blueprint import blueprint, page
from payments_app.staff.zones import reader_zone, when


@blueprint.get("/api-keys")
@staff("api_keys")
def api_key_list() -> Response | BaseResponse:
    """All keys, and the form for one more."""
    return ask_to_confirm() or _list()


@blueprint.post("/api-keys")
@staff("api_keys")
def create_api_key() -> Response | BaseResponse:
    """Create a key; its secret is shown this once."""
    if not signed_in().just_confirmed:
        return _to_confirm()
    name, scopes = request.form.get("name", ""), request.form.getlist("scopes")
    try:
        _, secret = api_keys.create(name, scopes, signed_in().id, live=_live())
    except (ValueError, CardNumberError) as error:
        return _list(422, problem=str(error), name=name, chosen=scopes)
    return _list(secret=secret, secret_of=name)


@blueprint.post("/api-keys/<key_id>/rotation")
@staff("api_keys")
def rotate_api_key(key_id: str) -> Response | BaseResponse:
    """Give a key a new secret, shown this once; the old one is good for a day more."""
    if not signed_in().just_confirmed:
        return _to_confirm()
    try:
        secret = api_keys.rotate(key_id, signed_in().id, live=_live())
    except NoResultFound:
        raise NotFound from None
    except ValueError as error:
        return _list(422, problem=str(error))
    return _list(secret=secret, secret_of=key_id)


@blueprint.post("/api-keys/<key_id>/revocation")
@staff("api_keys")
def revoke_api_key(key_id: str) -> Response | BaseResponse:
    """Let a key be good no more, at once."""
    if not signed_in().just_confirmed:
        return _to_confirm()
    try:
        api_keys.revoke(key_id, signed_in().id)
    except NoResultFound:
        raise NotFound from None
    return redirect(url_for("staff.api_key_list"), 303)


def _to_confirm() -> BaseResponse:
    return redirect(url_for("accounts.confirm", next=url_for("staff.api_key_list")), 303)


def _live() -> bool:
    return bool(current_app.config["CONFIG"].live)


def _list(
    status: int = 200,
    *,
    problem: str | None = None,
    name: str = "",
    chosen: list[str] | None = None,
    secret: str | None = None,
    secret_of: str = "",
) -> Response:
    zone = reader_zone()
    rows = [
        {
            "id": key.id,
            "name": key.name,
            "ends_in": key.ends_in,
            "scopes": key.scopes,
            "used": when(key.used_at, zone),
            "revoked": when(key.revoked_at, zone),
            "old_until": when(key.old_secret_until, zone) if key.old_secret_hash else None,
        }
        for key in api_keys.all_keys(db.session())
    ]
    return page(
        "members/api_keys.html",
        status,
        rows=rows,
        scopes=api_keys.SCOPES,
        hours=api_keys.OVERLAP_HOURS,
        problem=problem,
        name=name,
        chosen=chosen if chosen is not None else list(api_keys.SCOPES),
        secret=secret,
        secret_of=secret_of,
    )
