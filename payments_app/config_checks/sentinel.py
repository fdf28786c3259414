"""Redis behind Sentinel, as one address: sentinel://user:password@host:26379,host:26379/name/0.

User and password are of the Redis itself; its name is the one that the sentinels watch it by.
Source: https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from payments_app.config_checks.read import is_host

SCHEME = "sentinel://"
_ADDRESS = re.compile(
    r"sentinel://((?P<user>[^:@/]*):(?P<password>[^@/]+)@)?(?P<hosts>[\w.,:-]+)/(?P<name>[\w.-]+)"
    r"(/(?P<database>\d{1,4}))?"
)
_HOST = re.compile(r"([\w.-]+)(:([1-9]\d{0,4}))?")


@dataclass(frozen=True)
class Watched:
    """A Redis that sentinels (host and port of each) watch by its name."""

    sentinels: tuple[tuple[str, int], ...]
    name: str
    database: int
    user: str | None
    password: str | None


def read_sentinel(url: str) -> Watched | None:
    """What such an address says; None of what is none."""
    found = _ADDRESS.fullmatch(url)
    hosts = [_HOST.fullmatch(host) for host in found["hosts"].split(",")] if found else [None]
    if found is None or any(host is None for host in hosts):
        return None
    named = [(host[1], int(host[3] or 26379)) for host in hosts if host is not None]
    if any(port > 65535 or not is_host(host) for host, port in named):
        return None
    user, password = found["user"], found["password"]
    return Watched(
        tuple(named),
        found["name"],
        int(found["database"] or 0),
        unquote(user) if user else None,
        unquote(password) if password else None,
    )
