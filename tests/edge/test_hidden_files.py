"""A file whose name begins with a dot, laid among what browsers load by mistake, is not served."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from parts.release import Served
from payments_app.core import asset_files
from tests.edge.visitor import Visitor

SECRET = "SECRET_KEY=laid-here-by-mistake"
HASHED = "assets/.git/x.0123456789abcdef.css"
LAID = [".env", ".git/config", "css/.DS_Store", "css/.x/y.css", HASHED, ".well-known/x.txt"]
ASKED = [
    *(f"/static/{name}" for name in LAID),
    "/static/%2eenv",
    "/static/%2Egit/config",
    "/static//.env",
    "/static/css/../.env",
    "/static/./.env",
    "/static/.env?x",
]


@pytest.fixture(scope="module")
def laid(release: Path) -> Iterator[None]:
    paths = [release / "static" / name for name in LAID]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SECRET)
    yield
    for path in paths:
        path.unlink()


@pytest.mark.usefixtures("laid")
@pytest.mark.parametrize("path", ASKED)
def test_no_hidden_file_is_served(visitor: Visitor, served: Served, path: str) -> None:
    answer = visitor.ask(path)
    assert (answer.status, SECRET in answer.text) == (404, False)
    line = HTTPConnection("127.0.0.1", served.port, timeout=20)
    line.request("GET", path)
    direct = line.getresponse()
    # 308: the router asks for an address with two slashes as it is meant.
    assert direct.status == (308 if "//" in path else 404)
    assert SECRET not in direct.read().decode()
    line.close()


@pytest.mark.parametrize("path", ["/.env", "/.git/config", "/pictures/.x", "/.well-known/.x"])
def test_nor_is_the_app_asked_for_one(visitor: Visitor, path: str) -> None:
    answer = visitor.ask(path)
    assert (answer.status, answer.headers["X-Request-ID"]) == (404, None)


def test_the_app_answers_below_well_known(visitor: Visitor) -> None:
    answer = visitor.ask("/.well-known/security.txt")
    assert (answer.status, answer.headers["X-Request-ID"] is None) == (404, False)  # no contact set


def test_none_is_a_source_of_the_build(tmp_path: Path) -> None:
    for name in ("site.css", *LAID):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    assert asset_files.sources(tmp_path) == [tmp_path / "site.css"]
