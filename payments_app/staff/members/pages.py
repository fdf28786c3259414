"""Who may sign in: for administrators, after they typed their password just now."""

from __future__ import annotations

from flask import Response, redirect, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts import password_links, people, second_factor
from payments_app.accounts.gate import ask_to_confirm, signed_in
from payments_app.accounts.permissions import ROLE_NAMES
from payments_app.core.email_addresses import compared
from payments_app.core.web.access import staff
from payments_app.core.web.links import absolute
from payments_app.core.web.one_time_links import minutes
from payments_app.staff.blueprint import blueprint, page
from payments_app.staff.zones import reader_zone, when


@blueprint.get("/members")
@staff("staff")
def members() -> Response | BaseResponse:
    """Everybody, and the form for one more."""
    return ask_to_confirm() or _list()


@blueprint.post("/members")
@staff("staff")
def create_member() -> Response | BaseResponse:
    """Create an account; its password link is shown this once."""
    if not signed_in().just_confirmed:
        return _to_confirm()
    email, role = compared(request.form.get("email", "")), request.form.get("role", "")
    try:
        token = password_links.invite(email, role, signed_in().id)
    except ValueError as error:
        return _list(422, problem=str(error), email=email, role=role)
    return _list(link=_link(token), link_for=email)


@blueprint.post("/members/<staff_id>/roles")
@staff("staff")
def change_role(staff_id: str) -> Response | BaseResponse:
    """Give a member another role."""
    if not signed_in().just_confirmed:
        return _to_confirm()
    try:
        people.change_role(_email(staff_id), request.form.get("role", ""), signed_in().id)
    except ValueError as error:
        return _list(422, problem=str(error))
    return redirect(url_for("staff.members"), 303)


@blueprint.post("/members/<staff_id>/password-links")
@staff("staff")
def make_password_link(staff_id: str) -> Response | BaseResponse:
    """A new password link, shown this once; signs the member out."""
    if not signed_in().just_confirmed:
        return _to_confirm()
    email = _email(staff_id)
    try:
        token = password_links.make_link(email, signed_in().id)
    except ValueError as error:
        return _list(422, problem=str(error))
    return _list(link=_link(token), link_for=email)


@blueprint.post("/members/<staff_id>/disabling")
@staff("staff")
def disable_member(staff_id: str) -> Response | BaseResponse:
    """Close an account, and sign it out everywhere."""
    if not signed_in().just_confirmed:
        return _to_confirm()
    try:
        people.disable_staff(_email(staff_id), signed_in().id)
    except ValueError as error:
        return _list(422, problem=str(error))
    return redirect(url_for("staff.members"), 303)


@blueprint.post("/members/<staff_id>/enabling")
@staff("staff")
def enable_member(staff_id: str) -> BaseResponse:
    """Open a closed account again."""
    if not signed_in().just_confirmed:
        return _to_confirm()
    people.enable_staff(_email(staff_id), signed_in().id)
    return redirect(url_for("staff.members"), 303)


@blueprint.post("/members/<staff_id>/second-factor-resets")
@staff("staff")
def reset_second_factor(staff_id: str) -> Response | BaseResponse:
    """Take away a second factor that was lost; signs the member out."""
    if not signed_in().just_confirmed:
        return _to_confirm()
    try:
        second_factor.reset(_email(staff_id), signed_in().id)
    except (ValueError, LookupError) as error:
        return _list(422, problem=str(error))
    return redirect(url_for("staff.members"), 303)


def _list(
    status: int = 200,
    *,
    problem: str | None = None,
    email: str = "",
    role: str = "",
    link: str | None = None,
    link_for: str | None = None,
) -> Response:
    have = second_factor.who_has_one()
    rows = [
        {
            "id": row.id,
            "second_factor": row.id in have,
            "email": row.email,
            "role": row.role,
            "active": row.active,
            "since": when(row.created_at, reader_zone()),
            "own": row.id == signed_in().id,
        }
        for row in people.list_staff()
    ]
    return page(
        "members/members.html",
        status,
        members=rows,
        roles=ROLE_NAMES,
        problem=problem,
        email=email,
        role=role,
        link=link,
        link_for=link_for,
        minutes=minutes(),
    )


def _email(staff_id: str) -> str:
    email = next((row.email for row in people.list_staff() if row.id == staff_id), None)
    if email is None:
        raise NotFound
    return email


def _link(token: str) -> str:
    return absolute(url_for("accounts.new_password", token=token))


def _to_confirm() -> BaseResponse:
    return redirect(url_for("accounts.confirm", next=url_for("staff.members")), 303)
