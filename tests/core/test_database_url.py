"""What PostgreSQL's client would refuse is refused at start, in a sentence."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from payments_app.config_checks import problems_of
from tests.core.settings_examples import GOOD

SENTENCE = (
    "DATABASE_URL can't be read: postgresql://user:password@host:port/database, or of several hosts"
    " postgresql://user:password@/database?host=one,two&port=5432,5432"
)


@pytest.mark.parametrize(
    "query",
    [
        "port=1,2",
        "host=h1,h2&port=1,2,3",
        "host=one,two&port=5432",  # SQLAlchemy wants one for each
        "host=h1:x&host=h2:1",
        "host=a..b",
        "hostaddr=999.1.1.1",
        "channel_binding=required",
        "gssencmode=off",
        "require_auth=nope",
        "load_balance_hosts=yes",
        "sslnegotiation=nope",
        "sslcertmode=nope",
        "ssl_min_protocol_version=TLSv9",
        "service=nobodys",
        "keepalives=on",
    ],
)
def test_what_no_client_takes_is_refused(query: str) -> None:
    assert problems_of(GOOD | {"DATABASE_URL": f"postgresql://u:p@/payments?{query}"}) == [SENTENCE]


@pytest.mark.parametrize(
    "query",
    [
        "host=10.0.0.1,10.0.0.2&port=5432,6432&target_session_attrs=read-write",
        "host=one.example:5432&host=two.example:6432",
        "host=db.example&hostaddr=10.0.0.1",
        "host=/run/postgresql",
        "host=db&connect_timeout=5&application_name=payments&channel_binding=require",
    ],
)
def test_what_a_client_takes_is_taken(query: str) -> None:
    assert problems_of(GOOD | {"DATABASE_URL": f"postgresql://u:p@/payments?{query}"}) == []


def test_a_process_says_so_without_a_traceback() -> None:
    env = os.environ | GOOD | {"DATABASE_URL": "postgresql://u:p@127.0.0.1/payments?port=1,2"}
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "queues", "status"],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert SENTENCE in done.stderr
    assert "Traceback" not in done.stderr
