"""Every route, with odd words in its address: never a fault of ours."""

from __future__ import annotations

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.routing import BuildError, Rule

ACCEPTED = ("text/html", "application/json", "*/*", "", "text/html;q=x, \x80")
WORDS = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        ["\x00", "a\x00b", "..", "%2e%2e", "'; --", "txn_", "ord_", "9" * 400, "\ud7ff", "-1"]
    ),
)


def _address(app: Flask, rule: Rule, words: list[str]) -> str | None:
    values: dict[str, object] = {}
    for name, word in zip(sorted(rule.arguments), words, strict=False):
        values[name] = abs(hash(word)) if "Integer" in str(rule._converters[name]) else word
    try:
        return app.url_map.bind("localhost").build(rule.endpoint, values, method=None)
    except (BuildError, ValueError):
        return None


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    words=st.lists(WORDS, min_size=4, max_size=4),
    query=st.dictionaries(
        st.sampled_from(
            ["q", "page", "after", "from", "state", "quantity", "transaction", "partial", "amount"]
        ),
        WORDS,
        max_size=3,
    ),
    accept=st.sampled_from(ACCEPTED),
    method=st.sampled_from(["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"]),
)
@pytest.mark.timeout(300)
def test_no_address_is_a_fault_of_ours(
    app: Flask, words: list[str], query: dict[str, str], accept: str, method: str
) -> None:
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        path = _address(app, rule, words)
        if path is None or rule.endpoint == "ops.readyz":
            continue
        answer = client.open(path, method=method, query_string=query, headers={"Accept": accept})
        assert answer.status_code < 500, f"{method} {path} {query}: {answer.status_code}"
        answer.close()
