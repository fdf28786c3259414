"""Whether DATABASE_URL leads to a database that PostgreSQL's own client takes: it is asked, so that
its rules stand nowhere else."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from payments_app.config_checks.read import is_file_or_none, is_host, is_there, matches

_IN_MEMORY = {None, "", ":memory:"}
# Whose values the client looks at no sooner than it connects to a host.
# https://www.postgresql.org/docs/17/libpq-connect.html#LIBPQ-PARAMKEYWORDS
_NUMBERS = (
    "connect_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
)
_TAKE_WRITES = ("any", "read-write", "primary")  # a standby takes none
_FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl", "sslcrldir")
_NOWHERE = {"host": "/nonexistent", "port": "1"}  # a socket that is not there: nobody is called
_CALLED = "connection to server"  # so it begins to speak once every parameter was taken


def check_database(env: Mapping[str, str]) -> list[str]:
    """A sentence for what is wrong with DATABASE_URL, if anything is."""
    url = env.get("DATABASE_URL", "")
    if url and not re.match(r"(postgres(ql)?(\+psycopg)?|sqlite)://", url):
        return ["DATABASE_URL must begin with postgresql:// or sqlite:///"]
    try:
        parts = make_url(url) if url else None
    except (ArgumentError, ValueError):
        parts = None
    if parts and parts.drivername == "sqlite":
        # After a `?` a file's name can mean what is only in memory, too.
        if parts.host or parts.database in _IN_MEMORY or parts.query:
            return ["DATABASE_URL must name a file alone: what is only in memory would be lost"]
        file = Path(parts.database or "")
        there = is_file_or_none(file) and (file.parent.is_dir() or not file.is_absolute())
        return [] if there else ["DATABASE_URL must name a file in a directory that is there"]
    if url and (parts is None or not _is_database(parts)):
        return [
            "DATABASE_URL can't be read: postgresql://user:password@host:port/database, or of"
            " several hosts postgresql://user:password@/database?host=one,two&port=5432,5432"
        ]
    return [
        f"DATABASE_URL names a file by {name} that is not there"
        for name in _FILES
        if parts and not all(map(is_there, _given(parts, name)))
    ]


def _given(parts: URL, name: str) -> list[str]:
    """The files of this parameter; `system` means those of the system."""
    return [path for path in parts.normalized_query.get(name, ()) if path not in ("", "system")]


def _is_database(parts: URL) -> bool:
    ours = parts.set(drivername="postgresql+psycopg")
    try:
        given = {
            name: str(value)
            for name, value in ours.get_dialect()().create_connect_args(ours)[1].items()
            if name != "context"
        }
    except (ArgumentError, ValueError):  # such as of two ports for one host
        return False
    return (
        all(value.isprintable() for value in given.values())
        and all(map(_is_place, given.get("host", "").split(",")))
        and all(map(_is_port, str(given.get("port", "")).split(",")))
        and all(map(_is_address, given.get("hostaddr", "").split(",")))
        and all(matches(r"\d{1,6}", given.get(name, "0")) for name in _NUMBERS)
        and matches(r"(?i)utf-?8", given.get("client_encoding", "utf8"))
        and "replication" not in given  # such a connection takes no statement of ours
        and given.get("target_session_attrs", "any") in _TAKE_WRITES
        and _is_taken(given)
    )


def _is_place(host: str) -> bool:
    """Whether it is a host, or the directory of a socket."""
    return not host or host.startswith(("/", "@")) or is_host(host)


def _is_port(port: str) -> bool:
    return not port or (matches(r"\d{1,5}", port) and 0 < int(port) < 65536)


def _is_address(address: str) -> bool:
    try:
        return not address or bool(ipaddress.ip_address(address))
    except ValueError:
        return False


def _is_taken(given: Mapping[str, Any]) -> bool:
    """Whether PostgreSQL's client takes each parameter; it asks nobody."""
    from psycopg import ProgrammingError  # SQLite does without
    from psycopg.conninfo import make_conninfo
    from psycopg.pq import PGconn

    where = {name: value for name, value in given.items() if name not in ("hostaddr", *_NOWHERE)}
    try:
        wanted = make_conninfo(**where | _NOWHERE)
    except ProgrammingError:  # it knows each parameter
        return False
    tried = PGconn.connect_start(wanted.encode())
    said = tried.error_message.decode(errors="replace")
    tried.finish()
    return said.startswith(_CALLED)
