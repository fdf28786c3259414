"""What a key's second request is answered."""

from __future__ import annotations

import threading

import pytest
from flask import Flask, g
from werkzeug.exceptions import Conflict, ServiceUnavailable

from payments_app.core.web.http import ProblemError
from payments_app.core.web.idempotency_stores import MemoryStore
from tests.idempotency.counting_view import Clock, Workshop, code, replayed

pytestmark = pytest.mark.portable


def test_the_first_answer_says_that_it_is_no_replay(workshop: Workshop) -> None:
    answer = workshop.open().post()
    assert (answer.status_code, replayed(answer)) == (201, "false")


def test_the_second_is_the_first_again(workshop: Workshop) -> None:
    workshop.open()
    first, second = workshop.post(), workshop.post()
    assert replayed(second) == "true"
    assert second.data == first.data
    for part in ("status_code", "content_type", "location"):
        assert getattr(second, part) == getattr(first, part)
    assert workshop.made == 1


def test_a_replay_sets_no_cookie(workshop: Workshop) -> None:
    workshop.open()
    assert "Set-Cookie" in workshop.post().headers
    assert "Set-Cookie" not in workshop.post().headers


def test_the_key_is_echoed_stripped(workshop: Workshop) -> None:
    answer = workshop.open().post("  key 7\t")
    assert answer.headers["X-Idempotency-Key"] == "key 7"


def test_the_key_is_at_hand_for_logs(workshop: Workshop) -> None:
    workshop.answer = lambda: {"key": g.idempotency_key}
    assert workshop.open().post("key-1").json == {"key": "key-1"}


def test_without_a_key_every_request_runs(workshop: Workshop) -> None:
    workshop.open()
    assert replayed(workshop.post(None)) is None
    workshop.post(None)
    assert workshop.made == 2


def test_another_key_runs(workshop: Workshop) -> None:
    workshop.open().post("key-1")
    assert replayed(workshop.post("key-2")) == "false"


@pytest.mark.parametrize("status", [200, 202, 303, 400, 404, 409, 422, 499])
def test_a_returned_answer_below_500_is_kept(workshop: Workshop, status: int) -> None:
    workshop.answer = lambda: workshop.make(status)
    workshop.open().post()
    again = workshop.post()
    assert (again.status_code, replayed(again), workshop.made) == (status, "true", 1)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_returned_5xx_gives_the_key_free(workshop: Workshop, status: int) -> None:
    workshop.answer = lambda: workshop.make(status)
    assert workshop.open().post().status_code == status
    workshop.answer = workshop.make
    assert replayed(workshop.post()) == "false"


@pytest.mark.parametrize(
    "error",
    [RuntimeError(), Conflict(), ServiceUnavailable(), ProblemError(422, "invalid", "Wrong.")],
    ids=lambda error: type(error).__name__,
)
def test_what_an_error_handler_renders_is_not_kept(workshop: Workshop, error: Exception) -> None:
    workshop.answer = lambda: workshop.fail(error)
    answer = workshop.open().post()
    assert answer.status_code >= 400
    assert answer.headers["X-Idempotency-Key"] == "key-1"
    workshop.answer = workshop.make
    assert replayed(workshop.post()) == "false"
    assert workshop.made == 2


def test_another_payload_under_the_same_key_is_refused(workshop: Workshop) -> None:
    workshop.open().post()
    answer = workshop.post(content={"name": "table"})
    assert code(answer) == (422, "idempotency_key_reuse")
    assert answer.json["success"] is False
    assert workshop.made == 1


def test_another_payload_is_refused_also_in_flight(workshop: Workshop) -> None:
    workshop.open()
    answer = workshop.while_one_is_in_flight(lambda: workshop.post(content={"name": "table"}))
    assert code(answer) == (422, "idempotency_key_reuse")


def test_a_request_beside_one_in_flight_is_told_when_to_come_back(workshop: Workshop) -> None:
    workshop.open(lock_ttl=40)
    answer = workshop.while_one_is_in_flight(workshop.post)
    assert code(answer) == (409, "idempotency_conflict")
    assert 35 <= int(answer.headers["Retry-After"]) <= 40
    assert answer.headers["X-Idempotency-Key"] == "key-1"
    assert workshop.made == 1


def test_after_the_flight_the_answer_is_there(workshop: Workshop) -> None:
    workshop.open()
    workshop.while_one_is_in_flight(workshop.post)
    assert replayed(workshop.post()) == "true"


def test_of_many_at_once_one_runs(workshop: Workshop) -> None:
    workshop.open()
    statuses: list[int] = []
    gate = threading.Barrier(8)

    def send() -> None:
        gate.wait(10)
        statuses.append(workshop.post().status_code)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert workshop.made == 1
    assert set(statuses) <= {201, 409}


@pytest.mark.parametrize("key", ["", "  ", "x" * 256, "a\x00b", "a\x7fb", "a\x85b", "\x1fa"])
def test_an_invalid_key_is_refused(workshop: Workshop, key: str) -> None:
    answer = workshop.open().post(key)
    assert code(answer) == (400, "idempotency_key_invalid")
    assert workshop.made == 0


@pytest.mark.parametrize("key", ["x", "x" * 255, "Zürich, 3 chairs \xa0!"])
def test_any_other_key_is_good(workshop: Workshop, key: str) -> None:
    assert workshop.open().post(key).status_code == 201


def test_a_missing_key_is_refused_where_it_is_required(workshop: Workshop) -> None:
    answer = workshop.open(required=True).post(None)
    assert code(answer) == (400, "idempotency_key_missing")
    assert workshop.made == 0


def test_a_key_counts_at_its_endpoint_only(workshop: Workshop) -> None:
    workshop.open().open("/annex").post()
    assert replayed(workshop.post(path="/annex")) == "false"


def test_a_key_counts_for_its_caller_only(workshop: Workshop) -> None:
    workshop.open().caller = "ada"
    workshop.post()
    workshop.caller = "bob"
    assert replayed(workshop.post()) == "false"


def test_who_may_not_enter_gets_no_replay(workshop: Workshop) -> None:
    workshop.open().post()
    workshop.may_enter = False
    answer = workshop.post()
    assert (answer.status_code, answer.text) == (401, "no entry")


def test_a_header_of_another_name_can_carry_the_key(workshop: Workshop) -> None:
    workshop.open(header="X-Request-Key")
    for _ in range(2):
        answer = workshop.post(None, headers={"X-Request-Key": "k"})
    assert replayed(answer) == "true"


def test_without_replay_a_second_request_is_only_refused(workshop: Workshop) -> None:
    workshop.open(replay=False).post()
    assert code(workshop.post()) == (409, "idempotency_conflict")


def test_an_answer_is_kept_for_its_time(app: Flask, clock: Clock) -> None:
    workshop = Workshop(app, MemoryStore(clock)).open(ttl=100)
    workshop.post()
    clock.pass_(99)
    assert replayed(workshop.post()) == "true"
    clock.pass_(2)
    assert replayed(workshop.post()) == "false"


def test_binary_answers_are_replayed_too(workshop: Workshop) -> None:
    workshop.answer = lambda: (b"\xff\x00\xfe", 200, {"Content-Type": "application/octet-stream"})
    workshop.open().post()
    again = workshop.post()
    assert (again.data, again.mimetype) == (b"\xff\x00\xfe", "application/octet-stream")
