"""What makes two requests the same."""

from __future__ import annotations

import io
from typing import Any

import pytest

from payments_app.core.web.idempotency_stores import MemoryStore
from tests.idempotency.counting_view import URL, CountingView

SAME = 201
REUSED = 422


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def form(**values: Any) -> dict[str, Any]:
    return {"data": values, "json": None}


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        ({"json": {"a": 1, "b": 2}}, {"json": {"b": 2, "a": 1}}, SAME),
        ({"json": {"a": 1}}, {"json": {"a": 2}}, REUSED),
        ({"json": {"a": 1}}, {"json": {"a": "1"}}, REUSED),
        ({"json": [1, 2]}, {"json": [2, 1]}, REUSED),
        (form(a="1", b="2"), form(b="2", a="1"), SAME),
        (form(a="1"), form(a="2"), REUSED),
        (form(a=["1", "2"]), form(a=["1"]), REUSED),
        ({"path": f"{URL}?a=1"}, {"path": f"{URL}?a=2"}, REUSED),
        ({"path": f"{URL}?a=1&b=2"}, {"path": f"{URL}?b=2&a=1"}, SAME),
    ],
)
def test_parameters_are_compared_sorted(
    counting_view: CountingView, first: Any, second: Any, status: int
) -> None:
    counting_view.open()
    counting_view.post(**first)
    assert counting_view.post(**second).status_code == status


@pytest.mark.parametrize("bodies", [(b"not json", b"neither"), (b"[" * 9000, b"[" * 9001)])
def test_a_body_that_is_no_json_is_compared_as_it_is(
    counting_view: CountingView, bodies: tuple[bytes, bytes]
) -> None:
    counting_view.open()
    sent = [{"json": None, "data": body, "content_type": "application/json"} for body in bodies]
    assert counting_view.post(**sent[0]).status_code == SAME
    assert counting_view.post(**sent[0]).headers["X-Idempotency-Replayed"] == "true"
    assert counting_view.post(**sent[1]).status_code == REUSED


def test_files_are_compared_by_their_content(counting_view: CountingView) -> None:
    counting_view.open()

    def send(content: bytes) -> int:
        return counting_view.post(**form(file=(io.BytesIO(content), "a.txt"))).status_code

    assert (send(b"one"), send(b"one"), send(b"two")) == (SAME, SAME, REUSED)


def test_the_parts_of_the_path_are_parameters(counting_view: CountingView) -> None:
    counting_view.open("/items/<name>")
    counting_view.post(path="/items/a")
    assert counting_view.post(path="/items/b").status_code == REUSED


def test_a_fingerprint_of_ones_own_replaces_them(counting_view: CountingView) -> None:
    counting_view.open(fingerprint=lambda: "always the same")
    counting_view.post(content={"a": 1})
    assert counting_view.post(content={"a": 2}).headers["X-Idempotency-Replayed"] == "true"
