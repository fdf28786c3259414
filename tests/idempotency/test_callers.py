"""Each caller has their own keys; a new one is also given what was answered to nobody by name."""

from __future__ import annotations

import pytest

from payments_app.core.web.idempotency_stores import Held, MemoryStore, Store, StoreAwayError
from tests.idempotency.counting_view import Workshop, code, replayed

pytestmark = pytest.mark.portable


@pytest.fixture
def named(workshop: Workshop) -> Workshop:
    """Ada got her name with the answer to what she sent without one."""
    workshop.open(caller_is_new=True).post()
    workshop.caller = "ada"
    return workshop


def test_a_new_caller_gets_what_she_was_answered_before_she_had_a_name(named: Workshop) -> None:
    for _ in range(2):
        answer = named.post()
        assert (answer.json, replayed(answer)) == ({"thing": 1}, "true")
    assert named.made == 1


def test_another_request_under_nobodys_key_is_none_of_hers(named: Workshop) -> None:
    answer = named.post(content={"name": "table"})
    assert (answer.status_code, replayed(answer)) == (201, "false")
    assert replayed(named.post(content={"name": "table"})) == "true"


def test_her_own_answer_comes_before_nobodys(named: Workshop) -> None:
    named.post(content={"name": "table"})
    assert code(named.post()) == (422, "idempotency_key_reuse")


def test_what_she_made_is_not_for_who_names_nobody(workshop: Workshop) -> None:
    workshop.open(caller_is_new=True).caller = "ada"
    workshop.post()
    workshop.caller = None
    assert replayed(workshop.post()) == "false"


def test_a_caller_who_always_had_a_name_gets_no_answer_of_nobodys(workshop: Workshop) -> None:
    workshop.open().post()
    workshop.caller = "ada"
    assert replayed(workshop.post()) == "false"


@pytest.mark.parametrize(
    ("content", "expected"), [("chair", (409, "idempotency_conflict")), ("table", None)]
)
def test_in_flight_nobodys_key_holds_up_the_same_request_alone(
    workshop: Workshop, content: str, expected: tuple[int, str] | None
) -> None:
    workshop.open(caller_is_new=True)

    def then() -> None:
        workshop.caller, workshop.answer = "ada", workshop.make
        answer = workshop.post(content={"name": content})
        assert (code(answer) if expected else answer.status_code) == (expected or 201)

    workshop.while_one_is_in_flight(then)


class TestWhereReadingFails:
    @pytest.fixture
    def store(self) -> Store:
        class Forgetful(MemoryStore):
            def read(self, name: str) -> Held | None:
                raise StoreAwayError("gone")

        return Forgetful()

    def test_the_request_runs_and_its_answer_is_kept(self, named: Workshop) -> None:
        assert [replayed(named.post()) for _ in range(2)] == ["false", "true"]
