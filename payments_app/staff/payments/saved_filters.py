"""saved_filters: filters of the payments list that a member keeps under a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import ForeignKey, String, UniqueConstraint, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from payments_app.core.card_numbers import refuse
from payments_app.core.db.columns import BIGINT
from payments_app.core.db.session import atomic, insert_once
from payments_app.core.extensions import Base

MOST = 20  # for one member
MAX_NAME = 40
MAX_QUERY = 1000


class SavedFilter(Base):
    """One member's filter: `query` is the list's query string."""

    __tablename__ = "pay_saved_filters"

    id: Mapped[int] = mapped_column(BIGINT, primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("pay_staff.id"))
    name: Mapped[str] = mapped_column(String(MAX_NAME))
    query: Mapped[str] = mapped_column(String(MAX_QUERY))

    __table_args__ = (UniqueConstraint("staff_id", "name"),)

    @property
    def values(self) -> dict[str, str]:
        """The filters by their names."""
        return dict(parse_qsl(self.query))


def saved_filters(session: Session, staff_id: str) -> Sequence[SavedFilter]:
    """A member's own, by name."""
    return session.scalars(
        select(SavedFilter).where(SavedFilter.staff_id == staff_id).order_by(SavedFilter.name)
    ).all()


@atomic
def save_filter(session: Session, staff_id: str, name: str, given: Mapping[str, str]) -> None:
    """Keep a filter. Raises ValueError, with a sentence for the page, where it can't be kept."""
    name, query = " ".join(name.split()), urlencode(given)
    refuse(name, *given.values())
    if not name or len(name) > MAX_NAME:
        raise ValueError(f"A name has 1 to {MAX_NAME} characters.")
    if not query or len(query) > MAX_QUERY:
        raise ValueError("Choose a filter first.")
    count = select(func.count(SavedFilter.id)).where(SavedFilter.staff_id == staff_id)
    if (session.scalar(count) or 0) >= MOST:
        raise ValueError(f"You have {MOST} filters: remove one first.")
    if not insert_once(session, SavedFilter, staff_id=staff_id, name=name, query=query):
        raise ValueError("You have a filter of this name already.")


@atomic
def remove_filter(session: Session, staff_id: str, filter_id: int) -> None:
    """Forget one of the member's own; another's stays."""
    session.execute(
        delete(SavedFilter).where(SavedFilter.id == filter_id, SavedFilter.staff_id == staff_id)
    )
