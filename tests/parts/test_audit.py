"""What `make audit` finds: nothing in what is delivered, and each planted fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from parts import audit
from parts.app import REPOSITORY

EDGE = (REPOSITORY / "nginx.conf").read_text()


def test_nothing_is_found_in_what_is_delivered() -> None:
    assert audit.risky_product() == []
    assert audit.risky_edges() == []


@pytest.mark.parametrize(
    ("sound", "bad", "rule"),
    [
        ("pay.example.com$request_uri", "pay.example.com$uri", "http_splitting"),
        ("Host $server_name", "Host $http_host", "host_spoofing"),
        ("location /static/ {", "location /static { alias /srv/;", "alias_traversal"),
        ("TLSv1.2 TLSv1.3", "TLSv1 TLSv1.2", "weak_ssl_tls"),
        ("server_tokens off", "server_tokens on", "version_disclosure"),
    ],
)
def test_a_bad_nginx_conf_fails(sound: str, bad: str, rule: str) -> None:
    assert sound in EDGE
    assert any(rule in found for found in audit.risky_edge(EDGE.replace(sound, bad)))


def test_a_risky_line_fails_unless_it_is_marked(tmp_path: Path) -> None:
    line = "import random\nstep = random.random()"
    for name, text in (("bad", line), ("marked", f"{line}  # noqa: S311 - jitter")):
        (tmp_path / f"{name}.py").write_text(f"{text}\n")
    assert [found.split(" ")[1] for found in audit.risky_code(str(tmp_path))] == ["B311"]


def test_a_file_that_no_tool_can_read_fails(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def (\n")
    assert len(audit.risky_code(str(tmp_path))) == 1


def test_where_nobody_knows_of_advisories_it_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # nobody listens there
    assert audit.known_holes(["requirements.txt"]) == 0
    assert "NOT CHECKED" in capsys.readouterr().out
