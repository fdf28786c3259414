"""Accounts by API v2: JSON, another shape, errors without a type, keys that save no failure."""

from typing import Any

import pytest
import requests
import stripe

from tests.sandbox.shop import confirmed

WANTED = ["configuration.merchant", "configuration.recipient", "requirements"]
RECIPIENT = {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}}
MERCHANT = {"capabilities": {"card_payments": {"requested": True}}}
BOTH: dict[str, Any] = {
    "configuration": {"merchant": MERCHANT, "recipient": RECIPIENT},
    "contact_email": "merchant@example.com",
    "dashboard": "express",
    "defaults": {
        "responsibilities": {"fees_collector": "application", "losses_collector": "application"}
    },
    "display_name": "Juniper",
    "identity": {"country": "us"},
    "include": WANTED,
}


@pytest.fixture
def client(sandbox_url: str, key: str) -> stripe.StripeClient:
    return stripe.StripeClient(key, base_addresses={"api": sandbox_url}, max_network_retries=0)


@pytest.fixture
def v2(client: stripe.StripeClient) -> Any:
    return client.v2.core


def test_a_new_account_may_do_nothing_and_asks_for_details(v2: Any) -> None:
    account = v2.accounts.create(BOTH)
    assert account.object == "v2.core.account"
    assert account.applied_configurations == ["merchant", "recipient"]
    balance = account.configuration.recipient.capabilities.stripe_balance
    assert (balance.stripe_transfers.status, balance.payouts.status) == ("restricted", "restricted")
    entry = account.requirements.entries[0]
    assert (entry.awaiting_action_from, entry.minimum_deadline.status) == ("user", "past_due")


def test_what_is_not_included_is_null(v2: Any) -> None:
    made = v2.accounts.create({**BOTH, "include": []})
    found = v2.accounts.retrieve(made.id, {"include": ["configuration.recipient"]})
    assert (made.configuration, made.requirements, found.requirements) == (None,) * 3
    assert list(found.configuration.to_dict()) == ["recipient"]


def test_onboarding_makes_the_capabilities_active(v2: Any, control: Any) -> None:
    account = v2.accounts.create(BOTH)
    control("POST", f"accounts/{account.id}/onboard", {})
    found = v2.accounts.retrieve(account.id, {"include": WANTED})
    merchant = found.configuration.merchant.capabilities
    assert (merchant.card_payments.status, merchant.stripe_balance.payouts.status) == (
        "active",
        "active",
    )
    assert found.requirements.entries == []


def test_one_account_stands_behind_both_apis(client: Any, v2: Any, control: Any) -> None:
    account = v2.accounts.create(BOTH)
    control("POST", f"accounts/{account.id}/onboard", {})
    assert client.v1.accounts.retrieve(account.id).capabilities.transfers == "active"
    intent = client.v1.payment_intents.create(
        confirmed(amount=1000, transfer_data={"destination": account.id})
    )
    assert intent.status == "succeeded"


def test_a_link_of_v2_leads_to_the_same_form(v2: Any) -> None:
    account = v2.accounts.create(BOTH)
    back = {"return_url": "https://shop.example/", "refresh_url": "https://shop.example/again"}
    link = v2.account_links.create(
        {
            "account": account.id,
            "use_case": {"type": "account_onboarding", "account_onboarding": back},
        }
    )
    done = requests.post(link.url, data={"answer": "complete"}, allow_redirects=False, timeout=10)
    assert (done.headers["Location"], link.expires_at[-1]) == ("https://shop.example/", "Z")


def test_a_platform_without_v1_can_not_create_by_it(client: Any, v2: Any, control: Any) -> None:
    control("POST", "accounts_apis", {"v1": False})
    again = {"idempotency_key": "once"}
    with pytest.raises(
        stripe.InvalidRequestError, match="no longer recommends Accounts v1"
    ) as not_by_v1:
        client.v1.accounts.create({}, again)
    assert (not_by_v1.value.http_status, not_by_v1.value.code) == (400, None)
    control("POST", "accounts_apis", {})
    with pytest.raises(stripe.InvalidRequestError, match="no longer recommends Accounts v1"):
        client.v1.accounts.create({}, again)
    assert client.v1.accounts.create({}).object == "account"


def test_a_platform_without_v2_is_told_so_and_nothing_is_saved(v2: Any, control: Any) -> None:
    control("POST", "accounts_apis", {"v2": False})
    again = {"idempotency_key": "once"}
    with pytest.raises(stripe.InvalidRequestError) as blocked:
        v2.accounts.create(BOTH, again)
    assert blocked.value.code == "accounts_v2_access_blocked"
    assert '"type"' not in str(blocked.value.http_body)
    control("POST", "accounts_apis", {})
    assert v2.accounts.create(BOTH, again).id == v2.accounts.create(BOTH, again).id


@pytest.mark.parametrize("fault", ["500_after", "500_before"])
def test_a_key_answers_what_was_made_and_no_failure(v2: Any, control: Any, fault: str) -> None:
    control("POST", "faults", {"fault": fault, "match": {"path": "/v2/core/accounts"}})
    again = {"idempotency_key": "once"}
    with pytest.raises(stripe.APIError):
        v2.accounts.create(BOTH, again)
    assert v2.accounts.create(BOTH, again).id == v2.accounts.create(BOTH, again).id


@pytest.mark.wrong_parameters
@pytest.mark.parametrize(
    ("odd", "code"),
    [({"identity": {}}, "identity_country_required"), ({"colour": "red"}, "parameter_unknown")],
)
def test_a_wrong_request_is_refused(v2: Any, odd: dict[str, Any], code: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        v2.accounts.create(BOTH | odd)
    assert refused.value.code == code


def test_an_account_of_v1_is_none_of_v2(client: Any, v2: Any) -> None:
    account = client.v1.accounts.create({"type": "express"})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        v2.accounts.retrieve(account.id)
    assert refused.value.code == "v1_account_instead_of_v2_account"


def test_an_account_that_left_is_not_found(v2: Any, control: Any) -> None:
    account = v2.accounts.create(BOTH)
    control("POST", f"accounts/{account.id}/deauthorize", {})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        v2.accounts.retrieve(account.id)
    assert (refused.value.http_status, refused.value.code) == (404, "not_found")


def test_a_body_of_v2_is_json(sandbox_url: str, key: str) -> None:
    answer = requests.post(
        f"{sandbox_url}/v2/core/accounts", auth=(key, ""), data={"display_name": "x"}, timeout=10
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("Invalid JSON in request body")


def test_the_list_holds_what_v2_made(client: Any, v2: Any) -> None:
    client.v1.accounts.create({"type": "express"})
    made = v2.accounts.create(BOTH)
    assert [each.id for each in v2.accounts.list().data] == [made.id]


def test_a_configuration_is_applied_and_stripe_collects_what_is_required(v2: Any) -> None:
    account = v2.accounts.create({**BOTH, "include": [*WANTED, "defaults", "identity"]})
    configuration = account.configuration
    assert (configuration.merchant.applied, configuration.recipient.applied) == (True, True)
    responsibilities = account.defaults.responsibilities
    assert (responsibilities.requirements_collector, responsibilities.losses_collector) == (
        "stripe",
        "application",
    )


def test_an_account_without_wishes_has_responsibilities_too(v2: Any) -> None:
    account = v2.accounts.create({"include": ["defaults"]})
    assert account.defaults.responsibilities.requirements_collector == "stripe"
    assert (account.applied_configurations, account.contact_email, account.dashboard) == (
        [],
        None,
        None,
    )
