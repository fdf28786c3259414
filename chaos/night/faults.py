"""The faults of a night, in turn. Each strikes for real, lasts so many seconds, and is mended as a
person on call would. What did not go as the docs say is told as words."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from chaos.night.site import NightSite
from chaos.restoring import Drill
from parts.app import REPOSITORY
from parts.postgres import create_database
from parts.process import wait_until

_LOOK_SECONDS = 0.5
_BOOT_SECONDS = 120.0  # for a release that boots, besides its own slowness
_RESTORED = "moved"

Fault = Callable[[NightSite, float, Drill], Iterator[str]]


@dataclass(frozen=True)
class Kind:
    """`seconds` at scale 1. Where it lasts long enough, one of the kinds `told` must be raised."""

    name: str
    strike: Fault
    seconds: float
    told: tuple[str, ...] = ()


def redis_gone(site: NightSite, seconds: float, _drill: Drill) -> Iterator[str]:
    """Both; they come back by themselves."""
    servers = (site.jobs, site.cache)
    site.held |= {*servers}
    for server in servers:
        server.kill()
    time.sleep(seconds)
    for server in servers:
        server.start()
    site.held -= {*servers}
    yield from ()


def database_failover(site: NightSite, seconds: float, _drill: Drill) -> Iterator[str]:
    """Its machine is gone; later the standby is promoted, at the second of two addresses."""
    _fail_over(site, seconds)
    yield from ()


def _fail_over(site: NightSite, seconds: float) -> None:
    site.held.add(site.first)
    site.first.kill()
    time.sleep(seconds)
    site.promote()


def full_disk(site: NightSite, seconds: float, _drill: Drill) -> Iterator[str]:
    """That of the database and of the jobs' Redis. What ends is started again, until it can."""
    if site.postgres is site.first:  # a night of this fault alone
        _fail_over(site, 0)
    until = time.monotonic() + seconds
    try:
        while time.monotonic() < until:
            site.disk.fill()
            time.sleep(_LOOK_SECONDS)
    finally:
        site.disk.empty()
    for server in (site.postgres, site.jobs):
        if not wait_until(lambda server=server: server.is_ready(), 60):  # type: ignore[misc]
            yield f"{server.name} did not come back with an empty disk"


def slow_release(site: NightSite, seconds: float, _drill: Drill) -> Iterator[str]:
    """It boots for so long, in the web and in the workers."""
    site.switch(site.make_spoiled("slow", f"import time; time.sleep({seconds:.1f})"))
    status, said = _replace_web(site, seconds + _BOOT_SECONDS)
    if status:
        yield f"rolling-restart of a slow release ended with {status}: {said}"
    _restart_workers(site)
    time.sleep(seconds)


def dying_release(site: NightSite, seconds: float, _drill: Drill) -> Iterator[str]:
    """It dies as it boots. The web refuses it; the workers are restarted all the same, and die
    until the link leads back."""
    site.switch(site.make_spoiled("dying", 'raise RuntimeError("this release dies")'))
    status, said = _replace_web(site, _BOOT_SECONDS)
    if status != 1:
        yield f"rolling-restart of a dying release ended with {status}: {said}"
    _restart_workers(site)
    time.sleep(seconds)
    site.switch(site.good)
    status, said = _replace_web(site, _BOOT_SECONDS)
    if status:
        yield f"rolling-restart back ended with {status}: {said}"


def backup_and_restore(site: NightSite, seconds: float, drill: Drill) -> Iterator[str]:
    """A backup amid payments, for the drill at the end. Then all stops, and the shop moves to a
    new database: backup, restore, and the comparison with Stripe."""
    if not drill.back_up():
        yield "no backup could be taken amid payments"
    time.sleep(seconds)
    site.held |= {*site.programs}
    for program in site.programs:
        program.stop(60)
    try:
        yield from _move(site)
    finally:
        site.held -= {*site.programs}


def _move(site: NightSite) -> Iterator[str]:
    status, said = _run(site, REPOSITORY / "deploy" / "backup", site.directory / "moving")
    if status:
        yield f"backup ended with {status}: {said}"
        return
    create_database(site.postgres.url(), _RESTORED)
    site.move_to(_RESTORED)
    status, words = _run(site, REPOSITORY / "deploy" / "restore", said.split()[-1])
    if status:
        yield f"restore ended with {status}: {words}"
    status, words = _run(site, *site.flask("restore", "--yes"))
    if status or "equal to Stripe's" not in words:
        yield f"flask restore ended with {status}: {words}"


def _replace_web(site: NightSite, seconds: float) -> tuple[int, str]:
    script = REPOSITORY / "deploy" / "rolling-restart"
    pidfile = site.directory / "web.pid"
    return _run(site, script, pidfile, str(int(seconds)))


def _restart_workers(site: NightSite) -> None:
    """As a supervisor does: they end what runs, and the keeper starts them again."""
    for worker in site.workers:
        worker.stop(60)


def _run(site: NightSite, *command: str | Path) -> tuple[int, str]:
    done = subprocess.run(
        command,
        env=os.environ | site.settings,
        cwd=site.current,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, (done.stdout or done.stderr).strip()[-600:]


KINDS = (
    Kind("Redis gone", redis_gone, 600, ("redis",)),
    Kind("database failover", database_failover, 600, ("database_away",)),
    Kind("full disk", full_disk, 600, ("database_away", "redis")),
    Kind("slow release", slow_release, 120),
    Kind("dying release", dying_release, 300),
    Kind("backup and restore", backup_and_restore, 60),
)
