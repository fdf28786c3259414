"""`flask check-edge`: green on the product's own edge, red on each rule that is broken."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from parts.app import REPOSITORY
from parts.nginx import Nginx
from parts.release import Served
from payments_app.ops.check_edge import problem_of
from payments_app.ops.edge_rules import RULES
from payments_app.ops.edge_site import Site

PROXY = "        location / {\n"
KEEP = "proxy_hide_header Cache-Control; add_header Cache-Control 'public, max-age=60' always;"

# Each rule, and a change to nginx.conf that breaks it.
BREAKS = {
    "a page is asked for again each time": {PROXY: PROXY + KEEP},
    "a hashed file is kept for a year": {"31536000, immutable": "60"},
    "a hashed file travels packed": {"gzip_static on;": "gzip_static off;"},
    "a missing hashed file is a 404 that nobody stores": {
        "try_files $uri =404;": "try_files $uri /static/icon.svg;"
    },
    "another static file is kept for an hour": {
        '"public, max-age=3600";': '"public, max-age=31536000, immutable";'
    },
    "public data is kept a minute, has an ETag, and answers 304": {
        PROXY: PROXY + "proxy_hide_header ETag;"
    },
    "what is expensive to make is kept longer": {PROXY: PROXY + KEEP},
    "a person's own answer is kept by nobody": {PROXY: PROXY + KEEP},
    "nothing but GET is kept": {
        PROXY: PROXY + "proxy_hide_header Cache-Control; add_header Cache-Control 'public' always;"
    },
    "dynamic answers come from the app each time": {
        PROXY: PROXY + "proxy_cache kept; proxy_ignore_headers Vary; proxy_cache_valid 200 1m;",
        "    upstream app {": "    proxy_cache_path KEPT keys_zone=kept:1m;\n    upstream app {",
    },
    "HTTP/2 is spoken": {"ssl http2;": "ssl;"},
    "plain HTTP is sent to TLS": {"return 301 https://": "return 302 http://"},
    "browsers are told to stay with TLS": {"max-age=63072000; includeSubDomains": "max-age=60"},
    # The classic: an add_header in a location drops all that it would inherit.
    "pages, files and errors carry the safe headers": {
        "        location /static/ {\n": "        location /static/ {\nadd_header X-Mine 1;\n"
    },
    "cookies are __Host-, Secure, HttpOnly and SameSite": {
        PROXY: PROXY + "proxy_cookie_flags ~ nohttponly;"
    },
    "the metrics are not public": {
        "location = /metrics {\n            return 404;": "location = /metrics { return 200 'x';"
    },
    "no header tells a version": {"server_tokens off;": "server_tokens on;"},
    "a body over the limit is refused": {PROXY: PROXY + "client_max_body_size 0; return 200 'x';"},
    "a forged Host is refused": {"return 421;": "return 200 'x';"},
}


@pytest.fixture
def broken(
    request: pytest.FixtureRequest, release: Path, served: Served, tmp_path: Path
) -> Iterator[Nginx]:
    changes = {
        old: new.replace("KEPT", str(tmp_path / "kept"))
        for old, new in BREAKS[request.param].items()
    }
    with Nginx(tmp_path / "nginx", release, served.port, rewrites=changes) as server:
        yield server


def _site(nginx: Nginx) -> Site:
    return Site(nginx.url, str(nginx.certificate), nginx.plain_port)


def test_every_rule_has_a_test_that_breaks_it() -> None:
    assert set(BREAKS) == set(RULES)


@pytest.mark.parametrize("words", RULES)
@pytest.mark.usefixtures("shop")
def test_it_holds_on_the_product_s_own_edge(nginx: Nginx, words: str) -> None:
    assert problem_of(RULES[words], _site(nginx)) is None


@pytest.mark.parametrize(
    ("words", "broken"), [(w, w) for w in BREAKS], indirect=["broken"], ids=list(BREAKS)
)
@pytest.mark.usefixtures("shop")
def test_it_is_red_when_broken(words: str, broken: Nginx) -> None:
    assert problem_of(RULES[words], _site(broken)) is not None


@pytest.mark.usefixtures("shop")
def test_the_command_writes_a_line_for_each_and_ends_well(
    nginx: Nginx, edge_settings: dict[str, str]
) -> None:
    done = _run(edge_settings, nginx.url, nginx)
    assert done.returncode == 0, done.stdout
    assert [line[:3] for line in done.stdout.splitlines()] == ["ok "] * len(RULES)


def test_the_command_fails_where_nobody_answers(
    nginx: Nginx, edge_settings: dict[str, str]
) -> None:
    done = _run(edge_settings, "https://localhost:1", nginx)
    assert done.returncode == 1
    assert [line[:3] for line in done.stdout.splitlines()] == ["RED"] * len(RULES)


def _run(settings: dict[str, str], url: str, nginx: Nginx) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "check-edge", url]
    options = ["--ca", str(nginx.certificate), "--plain-port"]
    port = nginx.plain_port if url == nginx.url else 1
    return subprocess.run(
        [*command, *options, str(port)],
        env=os.environ | settings,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
