"""recovery_codes: ten codes beside the authenticator app, each good once."""

from __future__ import annotations

import re
import secrets

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from payments_app.accounts.models import RecoveryCode, Staff
from payments_app.accounts.sessions import Member
from payments_app.core import history
from payments_app.core.db.clock import database_now
from payments_app.core.db.ids import ALPHABET
from payments_app.core.db.session import atomic
from payments_app.core.web.tokens import hash_token

CODES = 10


@atomic
def new_codes(session: Session, member: Member) -> list[str]:
    """Other recovery codes in place of all of before. Raises LookupError without a factor."""
    if not member.has_second_factor:
        raise LookupError("no second factor is set up")
    session.get_one(Staff, member.id, with_for_update=True)
    history.record(
        session, "staff", "staff.second_factor.codes_made", actor=member.id, subject=member.id
    )
    return make_codes(session, member.id)


def codes_left(session: Session, staff_id: str) -> int:
    """How many recovery codes were not used yet."""
    left = select(func.count()).where(
        RecoveryCode.staff_id == staff_id, RecoveryCode.used_at.is_(None)
    )
    return session.scalar(left) or 0


def spend_code(session: Session, staff_id: str, typed: str) -> bool:
    """Whether it is a code of theirs that was not used yet; it is used now."""
    spent = update(RecoveryCode).where(
        RecoveryCode.code_hash == _hash(staff_id, typed), RecoveryCode.used_at.is_(None)
    )
    row = session.execute(
        spent.values(used_at=database_now()).returning(RecoveryCode.code_hash),
        execution_options={"synchronize_session": False},
    ).first()
    if row is not None:
        history.record(
            session,
            "staff",
            "staff.second_factor.recovery_code_used",
            actor=staff_id,
            subject=staff_id,
        )
    return row is not None


def make_codes(session: Session, staff_id: str) -> list[str]:
    """Other codes in place of all of before, in the caller's transaction."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff_id))
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(16)) for _ in range(CODES)]
    for code in codes:
        session.add(RecoveryCode(code_hash=_hash(staff_id, code), staff_id=staff_id))
    return ["-".join(re.findall("....", code)) for code in codes]


def _hash(staff_id: str, code: str) -> str:
    # 80 random bits: nobody tries them all, so a plain hash will do.
    return hash_token(staff_id + re.sub(r"[\s-]", "", code).lower())
