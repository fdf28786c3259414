"""What a key's second request is answered."""

from __future__ import annotations

import threading

import pytest
from flask import Flask, g
from werkzeug.exceptions import Conflict, ServiceUnavailable

from payments_app.core.web.http import ProblemError
from payments_app.core.web.idempotency_stores import MemoryStore
from tests.idempotency.counting_view import Clock, CountingView, code, replayed

pytestmark = pytest.mark.portable


def test_the_first_answer_says_that_it_is_no_replay(counting_view: CountingView) -> None:
    answer = counting_view.open().post()
    assert (answer.status_code, replayed(answer)) == (201, "false")


def test_the_second_is_the_first_again(counting_view: CountingView) -> None:
    counting_view.open()
    first, second = counting_view.post(), counting_view.post()
    assert replayed(second) == "true"
    assert second.data == first.data
    for part in ("status_code", "content_type", "location"):
        assert getattr(second, part) == getattr(first, part)
    assert counting_view.made == 1


def test_a_replay_sets_no_cookie(counting_view: CountingView) -> None:
    counting_view.open()
    assert "Set-Cookie" in counting_view.post().headers
    assert "Set-Cookie" not in counting_view.post().headers


def test_the_key_is_echoed_stripped(counting_view: CountingView) -> None:
    answer = counting_view.open().post("  key 7\t")
    assert answer.headers["X-Idempotency-Key"] == "key 7"


def test_the_key_is_at_hand_for_logs(counting_view: CountingView) -> None:
    counting_view.answer = lambda: {"key": g.idempotency_key}
    assert counting_view.open().post("key-1").json == {"key": "key-1"}


def test_without_a_key_every_request_runs(counting_view: CountingView) -> None:
    counting_view.open()
    assert replayed(counting_view.post(None)) is None
    counting_view.post(None)
    assert counting_view.made == 2


def test_another_key_runs(counting_view: CountingView) -> None:
    counting_view.open().post("key-1")
    assert replayed(counting_view.post("key-2")) == "false"


@pytest.mark.parametrize("status", [200, 202, 303, 400, 404, 409, 422, 499])
def test_a_returned_answer_below_500_is_kept(counting_view: CountingView, status: int) -> None:
    counting_view.answer = lambda: counting_view.make(status)
    counting_view.open().post()
    again = counting_view.post()
    assert (again.status_code, replayed(again), counting_view.made) == (status, "true", 1)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_returned_5xx_gives_the_key_free(counting_view: CountingView, status: int) -> None:
    counting_view.answer = lambda: counting_view.make(status)
    assert counting_view.open().post().status_code == status
    counting_view.answer = counting_view.make
    assert replayed(counting_view.post()) == "false"


@pytest.mark.parametrize(
    "error",
    [RuntimeError(), Conflict(), ServiceUnavailable(), ProblemError(422, "invalid", "Wrong.")],
    ids=lambda error: type(error).__name__,
)
def test_what_an_error_handler_renders_is_not_kept(
    counting_view: CountingView, error: Exception
) -> None:
    counting_view.answer = lambda: counting_view.fail(error)
    answer = counting_view.open().post()
    assert answer.status_code >= 400
    assert answer.headers["X-Idempotency-Key"] == "key-1"
    counting_view.answer = counting_view.make
    assert replayed(counting_view.post()) == "false"
    assert counting_view.made == 2


def test_another_payload_under_the_same_key_is_refused(counting_view: CountingView) -> None:
    counting_view.open().post()
    answer = counting_view.post(content={"name": "table"})
    assert code(answer) == (422, "idempotency_key_reuse")
    assert answer.json["success"] is False
    assert counting_view.made == 1


def test_another_payload_is_refused_also_in_flight(counting_view: CountingView) -> None:
    counting_view.open()
    answer = counting_view.while_one_is_in_flight(
        lambda: counting_view.post(content={"name": "table"})
    )
    assert code(answer) == (422, "idempotency_key_reuse")


def test_a_request_beside_one_in_flight_is_told_when_to_come_back(
    counting_view: CountingView,
) -> None:
    counting_view.open(lock_ttl=40)
    answer = counting_view.while_one_is_in_flight(counting_view.post)
    assert code(answer) == (409, "idempotency_conflict")
    assert 35 <= int(answer.headers["Retry-After"]) <= 40
    assert answer.headers["X-Idempotency-Key"] == "key-1"
    assert counting_view.made == 1


def test_after_the_flight_the_answer_is_there(counting_view: CountingView) -> None:
    counting_view.open()
    counting_view.while_one_is_in_flight(counting_view.post)
    assert replayed(counting_view.post()) == "true"


def test_of_many_at_once_one_runs(counting_view: CountingView) -> None:
    counting_view.open()
    statuses: list[int] = []
    gate = threading.Barrier(8)

    def send() -> None:
        gate.wait(10)
        statuses.append(counting_view.post().status_code)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counting_view.made == 1
    assert set(statuses) <= {201, 409}


@pytest.mark.parametrize(
    "key", ["", "  ", "x" * 256, "a\x00b", "a\x7fb", "a\x85b", "\x1fa", "Zürich", "a\xa0b", "a,a"]
)
def test_an_invalid_key_is_refused(counting_view: CountingView, key: str) -> None:
    answer = counting_view.open().post(key)
    assert code(answer) == (400, "idempotency_key_invalid")
    assert counting_view.made == 0


@pytest.mark.parametrize("key", ["x", "x" * 255, "Zurich: 3 chairs ~!"])
def test_any_other_key_is_good(counting_view: CountingView, key: str) -> None:
    assert counting_view.open().post(key).status_code == 201


def test_a_missing_key_is_refused_where_it_is_required(counting_view: CountingView) -> None:
    answer = counting_view.open(required=True).post(None)
    assert code(answer) == (400, "idempotency_key_missing")
    assert counting_view.made == 0


def test_a_key_counts_at_its_endpoint_only(counting_view: CountingView) -> None:
    counting_view.open().open("/annex").post()
    assert replayed(counting_view.post(path="/annex")) == "false"


def test_a_key_counts_for_its_caller_only(counting_view: CountingView) -> None:
    counting_view.open().caller = "ada"
    counting_view.post()
    counting_view.caller = "bob"
    assert replayed(counting_view.post()) == "false"


def test_who_may_not_enter_gets_no_replay(counting_view: CountingView) -> None:
    counting_view.open().post()
    counting_view.may_enter = False
    answer = counting_view.post()
    assert (answer.status_code, answer.text) == (401, "no entry")


def test_a_header_of_another_name_can_carry_the_key(counting_view: CountingView) -> None:
    counting_view.open(header="X-Request-Key")
    for _ in range(2):
        answer = counting_view.post(None, headers={"X-Request-Key": "k"})
    assert replayed(answer) == "true"


def test_without_replay_a_second_request_is_only_refused(counting_view: CountingView) -> None:
    counting_view.open(replay=False).post()
    assert code(counting_view.post()) == (409, "idempotency_conflict")


def test_an_answer_is_kept_for_its_time(app: Flask, clock: Clock) -> None:
    counting_view = CountingView(app, MemoryStore(clock)).open(ttl=100)
    counting_view.post()
    clock.pass_(99)
    assert replayed(counting_view.post()) == "true"
    clock.pass_(2)
    assert replayed(counting_view.post()) == "false"


def test_binary_answers_are_replayed_too(counting_view: CountingView) -> None:
    counting_view.answer = lambda: (
        b"\xff\x00\xfe",
        200,
        {"Content-Type": "application/octet-stream"},
    )
    counting_view.open().post()
    again = counting_view.post()
    assert (again.data, again.mimetype) == (b"\xff\x00\xfe", "application/octet-stream")
