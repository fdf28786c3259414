"""Each caller has their own keys; a new one is also given what was answered to nobody by name."""

from __future__ import annotations

import pytest

from payments_app.core.web.idempotency_stores import Held, MemoryStore, Store, StoreAwayError
from tests.idempotency.counting_view import CountingView, code, replayed

pytestmark = pytest.mark.portable


@pytest.fixture
def named(counting_view: CountingView) -> CountingView:
    """Ada got her name with the answer to what she sent without one."""
    counting_view.open(caller_is_new=True).post()
    counting_view.caller = "ada"
    return counting_view


def test_a_new_caller_gets_what_she_was_answered_before_she_had_a_name(named: CountingView) -> None:
    for _ in range(2):
        answer = named.post()
        assert (answer.json, replayed(answer)) == ({"thing": 1}, "true")
    assert named.made == 1


def test_another_request_under_nobodys_key_is_none_of_hers(named: CountingView) -> None:
    answer = named.post(content={"name": "table"})
    assert (answer.status_code, replayed(answer)) == (201, "false")
    assert replayed(named.post(content={"name": "table"})) == "true"


def test_her_own_answer_comes_before_nobodys(named: CountingView) -> None:
    named.post(content={"name": "table"})
    assert code(named.post()) == (422, "idempotency_key_reuse")


def test_what_she_made_is_not_for_who_names_nobody(counting_view: CountingView) -> None:
    counting_view.open(caller_is_new=True).caller = "ada"
    counting_view.post()
    counting_view.caller = None
    assert replayed(counting_view.post()) == "false"


def test_a_caller_who_always_had_a_name_gets_no_answer_of_nobodys(
    counting_view: CountingView,
) -> None:
    counting_view.open().post()
    counting_view.caller = "ada"
    assert replayed(counting_view.post()) == "false"


@pytest.mark.parametrize(
    ("content", "expected"), [("chair", (409, "idempotency_conflict")), ("table", None)]
)
def test_in_flight_nobodys_key_holds_up_the_same_request_alone(
    counting_view: CountingView, content: str, expected: tuple[int, str] | None
) -> None:
    counting_view.open(caller_is_new=True)

    def then() -> None:
        counting_view.caller, counting_view.answer = "ada", counting_view.make
        answer = counting_view.post(content={"name": content})
        assert (code(answer) if expected else answer.status_code) == (expected or 201)

    counting_view.while_one_is_in_flight(then)


class TestWhereReadingFails:
    @pytest.fixture
    def store(self) -> Store:
        class Forgetful(MemoryStore):
            def read(self, name: str) -> Held | None:
                raise StoreAwayError("gone")

        return Forgetful()

    def test_the_request_runs_and_its_answer_is_kept(self, named: CountingView) -> None:
        assert [replayed(named.post()) for _ in range(2)] == ["false", "true"]
