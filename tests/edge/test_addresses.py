"""Whose address the app believes: the last of as many as there are proxies of ours."""

from __future__ import annotations

import pytest
from flask import Flask, request

from payments_app.core.web.access import public

pytestmark = [pytest.mark.portable, pytest.mark.dialect]


@pytest.fixture
def settings(settings: dict[str, str], hops: str) -> dict[str, str]:
    return settings | {"PROXY_HOPS": hops}


def _address(app: Flask, forwarded: str) -> str | None:
    @public
    def who() -> str:
        return f"{request.remote_addr} {request.scheme} {request.host}"

    app.add_url_rule("/who", "who", who)
    headers = {
        "X-Forwarded-For": forwarded,
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
    }
    return app.test_client().get("/who", headers=headers).text


@pytest.mark.parametrize("hops", ["0"])
def test_without_a_proxy_nobody_is_believed(app: Flask) -> None:
    assert _address(app, "203.0.113.7") == "127.0.0.1 http localhost"


@pytest.mark.parametrize("hops", ["1"])
def test_behind_nginx_its_word_counts_and_the_visitor_s_does_not(app: Flask) -> None:
    assert _address(app, "198.51.100.1, 203.0.113.7") == "203.0.113.7 https localhost"
