"""Roles and what each may do: the one table that every staff route is checked against."""

from __future__ import annotations

_VIEW = frozenset({"view"})
_SUPPORT = _VIEW | {
    "technical",
    "retry",
    "note",
    "resend_receipt",
    "resend_webhook",
    "acknowledge_alert",
    "subscription",
    "sessions",
    "request_payment",
    "draft_dispute",
}
ROLES: dict[str, frozenset[str]] = {
    "viewer": _VIEW,
    "support": _SUPPORT,
    "refunder": _SUPPORT | {"refund", "answer_dispute", "end_consent"},
    "exporter": _VIEW | {"export"},
}
ADMIN = "admin"
ROLE_NAMES = (*ROLES, ADMIN)


def allows(role: str, permission: str) -> bool:
    """Whether `role` may do `permission`. An admin may do all; what no other role is given is the
    admin's alone, so a new permission is closed until this table opens it."""
    return role == ADMIN or permission in ROLES.get(role, frozenset())
