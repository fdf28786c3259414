"""Whether a database has room, on a server whose disk is full, and what the sweeper makes of it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from parts.disk import Disk
from parts.postgres import Postgres
from parts.process import wait_until
from payments_app.core.jobs import room
from payments_app.reconcile import sweep


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="a disk of its own takes root")
def test_a_full_disk_is_seen_although_the_database_answers(disk_of: tuple[Postgres, Disk]) -> None:
    server, disk = disk_of
    engine = create_engine(server.url())
    with Session(engine) as session:
        assert room.no_room(session) is None
        disk.fill()
        assert session.scalar(select(1)) == 1
        assert "No space left on device" in (room.no_room(session) or "")
        disk.empty()
        assert room.no_room(session) is None
    engine.dispose()


@pytest.fixture
def disk_of() -> Iterator[tuple[Postgres, Disk]]:
    """A server, and the small disk that all of it is on."""
    server = Postgres()
    disk = Disk(server.directory, 300)
    disk.mount()
    try:
        yield server.start(), disk
    finally:
        disk.empty()
        server.stop()
        disk.unmount()
        server.discard()


def test_the_sweeper_takes_a_full_disk_for_a_database_that_stores_nothing(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "no_room", lambda _session: "the disk is full")
    told: list[str | None] = []
    stop = threading.Event()

    def rounds() -> None:
        with app.app_context():
            sweep.run(stop, note=told.append)

    sweeper = threading.Thread(target=rounds)
    sweeper.start()
    try:
        assert wait_until(lambda: "the disk is full" in told, within=60)
    finally:
        stop.set()
        sweeper.join()
    assert set(told) == {"the disk is full"}
