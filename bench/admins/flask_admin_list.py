"""Flask-Admin's list of payments, as its documentation begins one."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from sqlalchemy import DateTime, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, scoped_session, sessionmaker


class Base(DeclarativeBase):
    pass


class Payment(Base):
    __tablename__ = "pay_transactions"
    id: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    phase: Mapped[str]
    amount: Mapped[int]
    currency: Mapped[str]
    email: Mapped[str]
    description: Mapped[str]
    card_brand: Mapped[str | None]
    card_last4: Mapped[str | None]
    created_at = mapped_column(DateTime(timezone=True))


class Payments(ModelView):
    page_size = 50
    can_create = can_edit = can_delete = False
    column_searchable_list = ("email",)
    column_default_sort = ("created_at", True)


def made(
    database_url: str, last: int, email: str
) -> tuple[Callable[[str], tuple[int, str]], dict[str, str]]:
    """How to ask for an address, and the pages' addresses."""
    app = Flask(__name__)
    app.secret_key = "of a measurement"  # noqa: S105
    url = database_url.replace("postgresql://", "postgresql+psycopg://")
    session = scoped_session(sessionmaker(create_engine(url)))
    app.teardown_appcontext(lambda _error: session.remove())
    Admin(app).add_view(Payments(Payment, session, endpoint="payments"))
    client = app.test_client()

    def get(address: str) -> tuple[int, str]:
        answer = client.get(address)
        return answer.status_code, answer.text

    first = "/admin/payments/"
    return get, {
        "list": first,
        "deepest": f"{first}?page={last}",
        "search": f"{first}?search={email}",
    }
