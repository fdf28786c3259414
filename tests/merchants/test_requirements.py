"""What Stripe asks of a merchant, in words that a merchant knows."""

import pytest

from payments_app.merchants.models import ConnectedAccount
from payments_app.merchants.requirements import asked_for, in_words

pytestmark = pytest.mark.portable


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("external_account", "a bank account"),
        ("tos_acceptance.date", "consent to Stripe's terms"),
        ("business_profile.url", "a website"),
        ("business_profile.name", "details of the business"),
        ("individual.verification.document", "an identity document"),
        ("person_1MqjB62eZvKYlo2C.dob.day", "details of a person who runs the business"),
        ("person_1MqjB62eZvKYlo2C.verification.document", "an identity document"),
        ("identity.attestations.terms_of_service.account.date", "consent to Stripe's terms"),
        ("identity.individual.date_of_birth.day", "details of the person"),
        ("something_new.of_stripes", "something new: of stripes"),
    ],
)
def test_a_requirement_is_put_in_words(name: str, words: str) -> None:
    assert in_words(name) == words


def test_what_is_overdue_is_asked_first_and_nothing_twice() -> None:
    account = ConnectedAccount(
        requirements={
            "currently_due": ["external_account", "tos_acceptance.date", "tos_acceptance.ip"],
            "past_due": ["tos_acceptance.date"],
        }
    )
    assert asked_for(account) == ["consent to Stripe's terms", "a bank account"]


def test_nothing_is_asked_of_an_account_that_was_never_read() -> None:
    assert asked_for(ConnectedAccount(requirements=None)) == []


@pytest.mark.parametrize("asked", [None, "tos_acceptance", [None, 5, {"a": "b"}], {"a": "b"}])
def test_what_is_no_list_of_names_asks_for_nothing(asked: object) -> None:
    assert asked_for(ConnectedAccount(requirements={"currently_due": asked})) == []


def test_a_long_name_of_stripes_is_cut() -> None:
    asked = ConnectedAccount(requirements={"currently_due": ["x" * 300]})
    assert [len(words) for words in asked_for(asked)] == [80]
