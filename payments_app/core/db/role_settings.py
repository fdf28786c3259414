"""role_settings: behind PgBouncer a connection's settings are its role's own, and must be ours.

PgBouncer refuses them as a connection begins, and hands what a session sets to somebody else.
"""

from __future__ import annotations

from flask import current_app
from sqlalchemy import String, column, select, table

from payments_app.core.db.engine import SETTINGS
from payments_app.core.db.session import at_once


class RoleSettingsError(RuntimeError):
    """The database's role lacks a time-out, or has another one."""


def check_role_settings() -> None:
    """Raise RoleSettingsError where DATABASE_POOLED says that the role has the settings, and it has
    others: without a time-out one stuck statement holds up everybody."""
    if not current_app.config["CONFIG"].database_pooled:
        return
    name, setting = column("name", String), column("setting", String)
    asked = select(name, setting).select_from(table("pg_settings", name, setting))
    found = {row.name: row.setting for row in at_once(asked.where(name.in_(SETTINGS)))}
    wrong = [
        f"{name} is {found.get(name)}, not {value}"
        for name, value in SETTINGS.items()
        if found.get(name) != value
    ]
    if wrong:
        raise RoleSettingsError(
            f"The database's role is not set up: {', '.join(wrong)}. Run deploy/roles.sql, and have"
            " PgBouncer open its connections anew (RECONNECT)"
        )
