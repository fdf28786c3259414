"""The servers that the site stands on: its database and its two Redis."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
import socket
import stat
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from redis import RedisError
from redis.connection import ConnectionPool, parse_url

from payments_app.config_checks.database_url import check_database
from payments_app.config_checks.read import is_host, is_loopback, is_or_could_be, is_there
from payments_app.config_checks.sentinel import SCHEME, read_sentinel

_REDIS_OPTION = re.compile(
    r"(db|protocol|ssl_(ca_certs|ca_path|certfile|keyfile))=.+"
    r"|ssl_cert_reqs=required|ssl_check_hostname=(1|true|yes)",
    re.IGNORECASE,
)
_FILES = ("ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile")
_ANY = {"0.0.0.0", "::"}  # noqa: S104 - whoever connects to these gets to this machine


def _check_redis(env: Mapping[str, str]) -> list[str]:
    problems: list[str] = []
    servers: list[tuple[str, int, int]] = []
    for name in ("REDIS_URL", "CACHE_REDIS_URL"):
        url = env.get(name, "")
        if url and not re.match(r"(rediss?|unix|sentinel)://", url):
            problems.append(f"{name} must begin with redis://, rediss://, unix:// or sentinel://")
        elif url and (server := _redis_server(url)) is None:
            problems.append(
                f"{name} can't be read: redis://user:password@host:port/number, and of what may"
                " follow a ? only db, protocol, and with rediss:// ssl_ca_certs, ssl_ca_path,"
                " ssl_certfile and ssl_keyfile, of files that are there; or"
                " sentinel://user:password@host:26379,host:26379/name/number"
            )
        elif url and server:
            servers.append(server)
    # What a full server forgets is set for all of its databases; a trial may do with one server.
    trial = is_loopback(env.get("PUBLIC_URL", ""))
    if len(servers) == 2 and len({one if trial else one[:2] for one in servers}) == 1:
        problems.append(
            "REDIS_URL and CACHE_REDIS_URL must not be the same, nor two databases of one server"
            " where others reach PUBLIC_URL: the cache forgets what is in it"
        )
    return problems


def _redis_server(url: str) -> tuple[str, int, int] | None:
    """Which database of which server an address leads to, however it is written."""
    if url.startswith(SCHEME):
        watched = read_sentinel(url)
        return (f"{SCHEME}{watched.name}", 0, watched.database) if watched else None
    try:
        parts = parse_url(url)  # type: ignore[no-untyped-call]
        if "path" not in parts and "db" not in parts and urlsplit(url).path.strip("/"):
            return None  # redis-py takes a database that is no number for the first
        given = parse_qsl(urlsplit(url).query)
        options = [f"{name}={value}" for name, value in given]
        if not all(is_there(path) for name, path in given if name in _FILES):
            return None
        if not all(map(_REDIS_OPTION.fullmatch, options)):
            return None  # others are handed to the client, and change how it answers us
        ConnectionPool.from_url(url).make_connection()  # it knows each parameter; asks nobody
        host = str(parts.get("path") or parts.get("host") or "localhost")
        number = int(parts.get("db") or 0)
        there = is_host(host)
        if url.startswith("unix:"):
            there = "path" in parts and is_or_could_be(stat.S_ISSOCK, Path(host))
        readable = there and 0 <= number < 10_000 and urlsplit(url).port != 0
        return (_machine(host), int(parts.get("port") or 6379), number) if readable else None
    except (ValueError, TypeError, RedisError):
        return None


def _machine(host: str) -> str:
    """One name for a machine, or a socket's file, of whatever spelling: 127.1 is 127.0.0.1."""
    if host.startswith("/"):
        return os.path.realpath(host)  # /var/run is /run
    host = host.lower().rstrip(".")
    with contextlib.suppress(UnicodeError):  # as it is looked up
        host = host.encode("idna").decode()
    with contextlib.suppress(OSError):
        host = socket.inet_ntoa(socket.inet_aton(host))
    with contextlib.suppress(ValueError):
        address = ipaddress.ip_address(host)
        host = str(getattr(address, "ipv4_mapped", None) or address)
    here = host in _ANY or is_loopback(f"redis://{f'[{host}]' if ':' in host else host}")
    return "localhost" if here else host


CHECKS = (check_database, _check_redis)
