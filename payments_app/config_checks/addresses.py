"""Addresses: of our site, of those who are told, and of files."""

from __future__ import annotations

import ipaddress
import os
import re
import stat
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote

from payments_app.config_checks.read import (
    LABEL,
    flag,
    holds,
    is_file_or_none,
    is_host,
    is_https,
    is_loopback,
    is_or_could_be,
    is_short_ipv4,
    matches,
    split,
)

# The host as browsers send it: one with other letters is written xn--...
_SITE = re.compile(rf"https?://({LABEL}(\.{LABEL})*|\[[0-9a-fA-F:.]+\])(:[0-9]+)?/?")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_MAIL = re.compile(rf"{_ATOM}(\.{_ATOM})*@{LABEL}(\.{LABEL})*")
# Names that lead nowhere from elsewhere. RFC 2606, RFC 6761, RFC 6762; ICANN reserves .internal
_HERE_ALONE = frozenset({"localhost", "local", "internal", "invalid", "test"})
_NOBODYS = frozenset({"invalid", "local"})  # names that no browser elsewhere looks up
MOST_NAME = 60  # of the shop: it stands in the subject of each mail
MOST_ADDRESS = 254  # characters of a mail address, RFC 5321
MOST_SOCKET = 107  # bytes of a socket's path, unix(7)


def _check_site(env: Mapping[str, str]) -> list[str]:
    public, problems = env.get("PUBLIC_URL", ""), []
    if public and not public.startswith(("https://", "http://")):
        problems.append("PUBLIC_URL must begin with https:// (http:// on this machine only)")
    elif public and not (_SITE.fullmatch(public) and _is_reached(public)):
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


def _is_reached(public: str) -> bool:
    """Whether browsers reach a site by this address, and send its host as it is written here: they
    write an IP address in one way alone, and another Host is refused."""
    parts = split(public)
    host = (parts.hostname or "") if parts else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        above, _, end = host.lower().rpartition(".")
        nobodys = end in _NOBODYS or (above and end == "localhost")
        return not (parts is None or nobodys or is_short_ipv4(host))
    nobodys = address.is_unspecified or address.is_multicast or address.is_link_local
    reserved = address.is_reserved and not address.is_loopback
    return str(address) == host and not (nobodys or reserved)


def _check_mail(env: Mapping[str, str]) -> list[str]:
    problems, url = [], env.get("SMTP_URL", "")
    for name in ("MAIL_FROM", "ALERT_MAIL_TO", "SHOP_CONTACT"):
        if env.get(name) and not (_MAIL.fullmatch(env[name]) and len(env[name]) <= MOST_ADDRESS):
            problems.append(f"{name} must be an address alone, such as payments@example.com")
    problems += [
        f"{name} must be an address that others can write to, at a domain such as example.com"
        for name in ("MAIL_FROM", "SHOP_CONTACT")
        if _MAIL.fullmatch(env.get(name, "")) and not _is_answered(env, env[name])
    ]
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


def _is_answered(env: Mapping[str, str], address: str) -> bool:
    """Whether mails of others may get to an address; a trial on this machine needs none."""
    domain, _, end = address.lower().rpartition("@")[2].rpartition(".")
    found = domain and not end.isdigit() and end not in _HERE_ALONE
    return bool(found) or is_loopback(env.get("PUBLIC_URL", ""))


def _is_mail_server(url: str) -> bool:
    parts = split(url)
    if parts is None or bool(parts.username) != bool(parts.password):
        return False
    # A mail server's AUTH is told both in ASCII.
    if not matches(r"[ -~]*", unquote(f"{parts.username or ''}{parts.password or ''}")):
        return False
    return not (parts.path.strip("/") or parts.query or parts.fragment)


def _check_others(env: Mapping[str, str]) -> list[str]:
    ours = ("SHOP_URL", "SHOP_TERMS_URL", "SHOP_REFUND_POLICY_URL")
    problems = [
        f"{name} must be a host's address that its readers get to, without user, spaces and marks"
        " such as <; of this machine where PUBLIC_URL is, else https://"
        for name in ours
        if env.get(name) and not (_is_target(env[name]) and _is_followed(env, env[name]))
    ] + [
        f"{name} must be a host's address without user, spaces and letters but A to Z, https://"
        " for any host but this machine"
        for name in ("ALERT_WEBHOOK_URL", "CDN_PURGE_URL", "OTEL_EXPORTER_OTLP_ENDPOINT")
        if env.get(name) and not (_is_target(env[name]) and env[name].isascii())
    ]
    if not re.fullmatch(r"[!-~]*", env.get("CDN_PURGE_TOKEN", "")):
        problems.append("CDN_PURGE_TOKEN must be as the CDN shows it: no space, no other letters")
    if env.get("CDN_PURGE_URL") and not env.get("CDN_PURGE_TOKEN"):
        problems.append("CDN_PURGE_TOKEN is missing: CDN_PURGE_URL is asked with it")
    dsn = env.get("SENTRY_DSN", "")
    parts = split(dsn)
    if dsn and not (
        parts
        and is_https(dsn)
        and parts.username
        # As Sentry's documentation shows.
        and parts.username.lower() not in {"examplepublickey", "public_key"}
        and matches(r"(?i)https?://[!-~]+@[^/?#]+(/[\w.-]+)*/\d+", dsn)
    ):
        problems.append("SENTRY_DSN must read like https://key@host/number, as Sentry shows it")
    if env.get("OTEL_EXPORTER_OTLP_ENDPOINT") and find_spec("opentelemetry") is None:
        problems.append(
            "OTEL_EXPORTER_OTLP_ENDPOINT needs OpenTelemetry:"
            " pip install --require-hashes -r requirements-tracing.txt"
        )
    contact = env.get("SECURITY_CONTACT", "")
    if contact and not (
        (
            contact.startswith("https://")
            and _is_target(contact)
            and _is_followed(env, contact)
            and contact.isascii()
        )
        or (
            contact.startswith("mailto:")
            and _MAIL.fullmatch(contact[7:])
            and _is_answered(env, contact)
        )
    ):
        problems.append("SECURITY_CONTACT must be https://... or mailto:security@example.com")
    if len(env.get("SHOP_NAME", "")) > MOST_NAME:
        problems.append(f"SHOP_NAME has at most {MOST_NAME} characters")
    return problems


def _is_target(url: str) -> bool:
    """Whether every browser and HTTP client reads it alike."""
    parts = split(url)
    odd = re.search(r"[\s\"<>\\^`{|}]", url)
    return is_https(url) and parts is not None and not parts.username and odd is None


def _is_followed(env: Mapping[str, str], url: str) -> bool:
    """Whether whoever reads our pages gets there by it: at a trial they are on this machine."""
    trial = is_loopback(env.get("PUBLIC_URL", ""))
    return trial or (_is_reached(url) and not is_loopback(url))


# What we write to them ourselves: they are replaced, and taken away.
_FILES = {"ALERT_FILE": rb'\{"since": |\s*\Z', "WEB_PIDFILE": rb"\s*\d*\s*\Z"}


def _check_files(env: Mapping[str, str]) -> list[str]:
    """What would replace a device, a directory or somebody's file takes it from everybody on this
    machine."""
    return [
        f"{name} must be the path of a file of its own, from / on: what is there is replaced"
        for name, ours in _FILES.items()
        if (value := env.get(name))
        and not (value[0] == "/" and is_file_or_none(Path(value)) and holds(Path(value), ours))
    ] + [*_one_for_two(env), *_no_directory(env)]


def _one_for_two(env: Mapping[str, str]) -> list[str]:
    """Each would replace what the other wrote."""
    files = [os.path.realpath(env[name]) for name in _FILES if env.get(name)]
    return ["WEB_PIDFILE must not be ALERT_FILE"] if len(set(files)) < len(files) else []


def _no_directory(env: Mapping[str, str]) -> list[str]:
    free = is_or_could_be(stat.S_ISDIR, Path(env.get("DATA_DIR", "")))
    return [] if free else ["DATA_DIR must be a directory, or what is not there yet"]


def _check_bind(env: Mapping[str, str]) -> list[str]:
    bind = env.get("WEB_BIND", "")
    if not bind:
        return []
    if matches(r"unix:/[^/].*", bind):
        path = bind.removeprefix("unix:")
        if len(path.encode()) > MOST_SOCKET:
            return [f"WEB_BIND must be a path of at most {MOST_SOCKET} bytes"]
        is_free = is_or_could_be(stat.S_ISSOCK, Path(path))
        return [] if is_free else ["WEB_BIND must name a socket, or what is not there yet"]
    host, _, port = bind.rpartition(":")
    is_port = matches(r"[1-9]\d{0,4}", port) and int(port) < 65536
    # An address with colons stands in brackets, and nothing else does.
    bare = host[1:-1] if matches(r"\[[^\[\]]+:[^\[\]]*\]", host) else host.replace(":", "[")
    if is_port and is_host(bare or "localhost"):
        return []
    return ["WEB_BIND must be host:port or unix:path"]


CHECKS = (
    _check_site,
    _check_mail,
    _check_others,
    _check_files,
    _check_bind,
)
