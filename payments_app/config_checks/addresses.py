"""Addresses: of our site, of what it stands on, and of those who are told."""

from __future__ import annotations

import contextlib
import ipaddress
import posixpath
import re
import socket
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from psycopg import ProgrammingError
from psycopg.conninfo import make_conninfo
from redis import RedisError
from redis.connection import ConnectionPool, parse_url
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from payments_app.config_checks.read import flag, is_https, is_loopback, split

# The host as browsers send it: one with other letters is written xn--...
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
_SITE = re.compile(rf"https?://({_LABEL}(\.{_LABEL})*|\[[0-9a-fA-F:.]+\])(:[0-9]+)?/?")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_MAIL = re.compile(rf"{_ATOM}(\.{_ATOM})*@{_LABEL}(\.{_LABEL})*")
MOST_NAME = 60  # of the shop: it stands in the subject of each mail
_IN_MEMORY = {None, "", ":memory:"}
_REDIS_OPTION = re.compile(r"db|protocol|ssl_\w+")
_ANY = {"0.0.0.0", "::"}  # noqa: S104 - whoever connects to these gets to this machine


def _check_site(env: Mapping[str, str]) -> list[str]:
    public, problems = env.get("PUBLIC_URL", ""), []
    if public and not public.startswith(("https://", "http://")):
        problems.append("PUBLIC_URL must begin with https:// (http:// on this machine only)")
    elif public and not (_SITE.fullmatch(public) and split(public)):
        problems.append("PUBLIC_URL must be scheme and host alone, such as https://pay.example.com")
    elif public.startswith("http://") and not is_loopback(public):
        problems.append("PUBLIC_URL must be https:// for any host but this machine")
    if flag(env, "FLASK_DEBUG") and public and not public.startswith("http://"):
        problems.append("FLASK_DEBUG is for this machine alone: leave it out with an https:// site")
    if env.get("STRIPE_API_BASE") and public and not is_loopback(public):
        problems.append(
            "STRIPE_API_BASE is for this machine alone: leave it out where others reach PUBLIC_URL"
        )
    return problems


def _check_database(env: Mapping[str, str]) -> list[str]:
    url = env.get("DATABASE_URL", "")
    if url and not re.match(r"(postgres(ql)?(\+psycopg)?|sqlite)://", url):
        return ["DATABASE_URL must begin with postgresql:// or sqlite:///"]
    try:
        parts = make_url(url) if url else None
    except (ArgumentError, ValueError):
        parts = None
    if parts and parts.drivername == "sqlite":
        # After a `?` a file's name can mean what is only in memory, too.
        lost = parts.database in _IN_MEMORY or parts.query
        words = "DATABASE_URL must name a file alone: what is only in memory would be lost"
        return [words] if lost else []
    if url and (parts is None or not _is_database(parts)):
        return ["DATABASE_URL can't be read: postgresql://user:password@host:port/database"]
    return []


def _is_database(parts: URL) -> bool:
    """Whether PostgreSQL's client takes the address; it asks nobody."""
    try:
        make_conninfo(**{name: str(value) for name, value in parts.query.items()})
    except ProgrammingError:  # it knows each parameter
        return False
    return parts.port is None or 0 < parts.port < 65536


def _check_redis(env: Mapping[str, str]) -> list[str]:
    problems: list[str] = []
    servers: list[tuple[str, int, int]] = []
    for name in ("REDIS_URL", "CACHE_REDIS_URL"):
        url = env.get(name, "")
        if url and not re.match(r"(rediss?|unix)://", url):
            problems.append(f"{name} must begin with redis://, rediss:// or unix://")
        elif url and (server := _redis_server(url)) is None:
            problems.append(
                f"{name} can't be read: redis://user:password@host:port/number, and of what may"
                " follow a ? only db, protocol and ssl_..."
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
    try:
        parts = parse_url(url)  # type: ignore[no-untyped-call]
        if "path" not in parts and "db" not in parts and urlsplit(url).path.strip("/"):
            return None  # redis-py takes a database that is no number for the first
        if not all(_REDIS_OPTION.fullmatch(name) for name, _ in parse_qsl(urlsplit(url).query)):
            return None  # others are handed to the client, and change how it answers us
        ConnectionPool.from_url(url).make_connection()  # it knows each parameter; asks nobody
        host = str(parts.get("path") or parts.get("host") or "localhost")
        number = int(parts.get("db") or 0)
        readable = number >= 0 and urlsplit(url).port != 0
        return (_machine(host), int(parts.get("port") or 6379), number) if readable else None
    except (ValueError, TypeError, RedisError):
        return None


def _machine(host: str) -> str:
    """One name for a machine, or a socket's file, of whatever spelling: 127.1 is 127.0.0.1."""
    if host.startswith("/"):
        return posixpath.normpath(host)
    host = host.lower().rstrip(".")
    with contextlib.suppress(OSError):
        host = socket.inet_ntoa(socket.inet_aton(host))
    with contextlib.suppress(ValueError):
        address = ipaddress.ip_address(host)
        host = str(getattr(address, "ipv4_mapped", None) or address)
    here = host in _ANY or is_loopback(f"redis://{f'[{host}]' if ':' in host else host}")
    return "localhost" if here else host


def _check_mail(env: Mapping[str, str]) -> list[str]:
    problems, url = [], env.get("SMTP_URL", "")
    for name in ("MAIL_FROM", "ALERT_MAIL_TO", "SHOP_CONTACT"):
        if env.get(name) and not _MAIL.fullmatch(env[name]):
            problems.append(f"{name} must be an address alone, such as payments@example.com")
    if url and not env.get("MAIL_FROM"):
        problems.append("MAIL_FROM is missing: mails of SMTP_URL are sent from it")
    if env.get("ALERT_MAIL_TO") and not url:
        problems.append("ALERT_MAIL_TO needs SMTP_URL")
    if url and not re.match(r"smtps?://", url):
        problems.append("SMTP_URL must begin with smtp:// (STARTTLS) or smtps:// (TLS at once)")
    elif url and not _is_mail_server(url):
        problems.append(
            "SMTP_URL must name a host, and a port from 1 to 65535 or none, with user and password"
            " or neither, as in smtp://user:password@mail.example.com:587"
        )
    return problems


def _is_mail_server(url: str) -> bool:
    parts = split(url)
    if parts is None or bool(parts.username) != bool(parts.password):
        return False
    return not (parts.path.strip("/") or parts.query or parts.fragment)


def _check_others(env: Mapping[str, str]) -> list[str]:
    problems = [
        f"{name} must be a host's address without user and spaces, https:// for any host but this"
        " machine"
        for name in ("ALERT_WEBHOOK_URL", "CDN_PURGE_URL", "SHOP_URL")
        if env.get(name) and not _is_target(env[name])
    ]
    if not re.fullmatch(r"[!-~]*", env.get("CDN_PURGE_TOKEN", "")):
        problems.append("CDN_PURGE_TOKEN must be as the CDN shows it: no space, no other letters")
    dsn = env.get("SENTRY_DSN", "")
    parts = split(dsn)
    if dsn and not (
        parts and is_https(dsn) and parts.username and re.fullmatch(r"(/[\w.-]+)*/\d+", parts.path)
    ):
        problems.append("SENTRY_DSN must read like https://key@host/number, as Sentry shows it")
    contact = env.get("SECURITY_CONTACT", "")
    if contact and not (
        (contact.startswith("https://") and _is_target(contact))
        or (contact.startswith("mailto:") and _MAIL.fullmatch(contact[7:]))
    ):
        problems.append("SECURITY_CONTACT must be https://... or mailto:security@example.com")
    if len(env.get("SHOP_NAME", "")) > MOST_NAME:
        problems.append(f"SHOP_NAME has at most {MOST_NAME} characters")
    return problems


def _is_target(url: str) -> bool:
    """Whether an HTTP client of ours can call it as it stands."""
    parts = split(url)
    return is_https(url) and parts is not None and not parts.username and not re.search(r"\s", url)


CHECKS = (_check_site, _check_database, _check_redis, _check_mail, _check_others)
