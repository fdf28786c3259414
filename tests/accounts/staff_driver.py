"""A driver of staff: makes members and browsers that are signed in as them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from payments_app.accounts import people, sessions
from payments_app.accounts.models import Staff
from payments_app.core.db.session import atomic
from payments_app.core.history import HistoryEntry

PASSWORD = "correct horse battery"
HTML = {"Accept": "text/html"}
T = TypeVar("T")
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Browser:
    """A browser with cookies, which sends each form with the token of the page before."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self.client.get(path, headers=HTML, **kwargs)

    def post(
        self, path: str, page: str = "/staff/password", **form: str | Sequence[str]
    ) -> TestResponse:
        token = _TOKEN.search(self.get(page).text)
        sent = {name: value if isinstance(value, str) else [*value] for name, value in form.items()}
        sent |= {"csrf_token": token[1] if token else ""}
        return self.client.post(path, data=sent, headers=HTML)

    def sign_in(self, email: str, password: str = PASSWORD, **form: str) -> TestResponse:
        return self.post("/staff/login", "/staff/login", email=email, password=password, **form)

    @property
    def token(self) -> str | None:
        cookie = self.client.get_cookie("staff")
        return cookie.value if cookie else None


class StaffDriver:
    """Functions run in a context of their own each, as requests do."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def do(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        with self.app.app_context():
            return function(*args, **kwargs)

    def member(self, email: str = "ada@example.com", role: str = "viewer") -> str:
        return self.do(people.create_staff, email, role, PASSWORD)

    def browser(self) -> Browser:
        return Browser(self.app.test_client())

    def signed_in(self, role: str = "viewer", email: str | None = None) -> Browser:
        """A browser whose member has this role, without the price of hashing at the door."""
        staff_id = self.member(email or f"{role}@example.com", role)
        browser = self.browser()
        browser.client.set_cookie("staff", self.do(_open, staff_id))
        return browser

    def staff(self, staff_id: str) -> Staff:
        return self.do(_staff, staff_id)

    def entries(self, what: str) -> list[HistoryEntry]:
        return self.do(_entries, what)


@atomic
def _open(session: Session, staff_id: str) -> str:
    return sessions.open_session(session, session.get_one(Staff, staff_id))


@atomic
def _staff(session: Session, staff_id: str) -> Staff:
    return session.get_one(Staff, staff_id, populate_existing=True)


@atomic
def _entries(session: Session, what: str) -> list[HistoryEntry]:
    return list(
        session.scalars(
            select(HistoryEntry).where(HistoryEntry.what == what).order_by(HistoryEntry.id)
        )
    )
