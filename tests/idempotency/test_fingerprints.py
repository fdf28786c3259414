"""What makes two requests the same."""

from __future__ import annotations

import io
from typing import Any

import pytest

from payments_app.core.web.idempotency_stores import MemoryStore
from tests.idempotency.counting_view import URL, Workshop

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
    workshop: Workshop, first: Any, second: Any, status: int
) -> None:
    workshop.open()
    workshop.post(**first)
    assert workshop.post(**second).status_code == status


@pytest.mark.parametrize("bodies", [(b"not json", b"neither"), (b"[" * 9000, b"[" * 9001)])
def test_a_body_that_is_no_json_is_compared_as_it_is(
    workshop: Workshop, bodies: tuple[bytes, bytes]
) -> None:
    workshop.open()
    sent = [{"json": None, "data": body, "content_type": "application/json"} for body in bodies]
    assert workshop.post(**sent[0]).status_code == SAME
    assert workshop.post(**sent[0]).headers["X-Idempotency-Replayed"] == "true"
    assert workshop.post(**sent[1]).status_code == REUSED


def test_files_are_compared_by_their_content(workshop: Workshop) -> None:
    workshop.open()

    def send(content: bytes) -> int:
        return workshop.post(**form(file=(io.BytesIO(content), "a.txt"))).status_code

    assert (send(b"one"), send(b"one"), send(b"two")) == (SAME, SAME, REUSED)


def test_the_parts_of_the_path_are_parameters(workshop: Workshop) -> None:
    workshop.open("/rooms/<name>")
    workshop.post(path="/rooms/a")
    assert workshop.post(path="/rooms/b").status_code == REUSED


def test_a_fingerprint_of_ones_own_replaces_them(workshop: Workshop) -> None:
    workshop.open(fingerprint=lambda: "always the same")
    workshop.post(content={"a": 1})
    assert workshop.post(content={"a": 2}).headers["X-Idempotency-Replayed"] == "true"
