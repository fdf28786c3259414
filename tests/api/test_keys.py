"""Who may call the API: keys with scopes, of one mode, rotated and revoked."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import select

from payments_app.accounts import api_keys
from payments_app.accounts.api_keys import ApiKey
from payments_app.core.extensions import db
from payments_app.core.history import HistoryEntry
from tests.api.application import ASKED, Application, new_key
from tests.bystanders import own

pytestmark = [pytest.mark.portable]


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer pay_test_nothing",
        "Basic cGF5OnBheQ==",
        "Bearer \u00e9",
    ],
)
def test_nobody_calls_without_a_good_key(
    shop_application: Application, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = shop_application.client.get("/api/v1/payments", headers=headers)
    assert (answer.status_code, answer.json["error"]["code"]) == (401, "unauthorized")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_key_of_the_other_mode_says_so(shop_application: Application) -> None:
    answer = shop_application.client.get(
        "/api/v1/payments", headers={"Authorization": "Bearer pay_live_whatever"}
    )
    assert (answer.status_code, answer.json["error"]["code"]) == (401, "wrong_mode")


def test_keys_of_the_other_mode_are_limited_as_others_are(
    shop_application: Application, other_application: Application
) -> None:
    wrong = {"Authorization": "Bearer pay_live_whatever"}
    call = shop_application.client.get
    codes = {call("/api/v1/payments", headers=wrong).status_code for _ in range(61)}
    assert codes == {401, 429}
    assert other_application.get("payments").status_code == 200


def test_a_key_does_what_its_scopes_say_and_no_more(app: Flask) -> None:
    reader = Application(app, new_key(app, "payments:read"))
    assert reader.get("payments").status_code == 200
    asked = reader.ask()
    assert (asked.status_code, asked.json["error"]["code"]) == (403, "scope_missing")
    writer = Application(app, new_key(app, "payments:write"))
    made = writer.asked()
    assert writer.get(f"payments/{made['id']}").status_code == 403
    refund = writer.post(f"payments/{made['id']}/refunds", {"reason": "x"})
    assert refund.status_code == 403


def test_a_secret_is_kept_by_nobody_but_its_owner(app: Flask) -> None:
    secret = new_key(app)
    assert secret.startswith("pay_test_")
    with app.app_context():
        key = db.session.scalars(select(ApiKey).where(own(ApiKey))).one()
        said = db.session.scalars(select(HistoryEntry).where(HistoryEntry.subject == key.id)).all()
        kept = repr([key.__dict__, [entry.__dict__ for entry in said]])
    assert said
    assert secret not in kept
    assert secret.removeprefix("pay_test_") not in kept


def test_a_rotated_key_stays_good_for_its_overlap_and_names_the_same_caller(app: Flask) -> None:
    before = Application(app, new_key(app))
    untouched = Application(app, new_key(app, name="another application"))
    made = before.ask("k1").json
    with app.app_context():
        key = db.session.scalars(select(ApiKey).where(ApiKey.name == "shop")).one()
        after = Application(app, api_keys.rotate(key.id, "test", live=False, hours=1))
    assert before.get("payments").status_code == after.get("payments").status_code == 200
    assert after.ask("k1").json["id"] == made["id"]
    with app.app_context():
        last = Application(app, api_keys.rotate(key.id, "test", live=False, hours=0))
    assert before.get("payments").status_code == after.get("payments").status_code == 401
    assert last.get("payments").status_code == untouched.get("payments").status_code == 200


def test_the_secret_before_is_good_no_longer_than_its_overlap(app: Flask) -> None:
    before = Application(app, new_key(app))
    with app.app_context():
        key = db.session.scalars(select(ApiKey).where(own(ApiKey))).one()
        after = Application(app, api_keys.rotate(key.id, "test", live=False, hours=1))
        db.session.refresh(key)
        assert key.old_secret_until is not None
        key.old_secret_until -= dt.timedelta(hours=1, seconds=1)
        db.session.commit()
    assert before.get("payments").status_code == 401
    assert after.get("payments").status_code == 200


def test_a_good_key_of_the_other_mode_is_refused_all_the_same(app: Flask) -> None:
    with app.app_context():
        secret = api_keys.create("live", tuple(api_keys.SCOPES), "test", live=True)[1]
    refused = Application(app, secret).get("payments")
    assert (refused.status_code, refused.json["error"]["code"]) == (401, "wrong_mode")
    assert Application(app, new_key(app)).get("payments").status_code == 200


def test_a_revoked_key_is_good_no_more(app: Flask) -> None:
    mine, theirs = Application(app, new_key(app)), Application(app, new_key(app, name="theirs"))
    with app.app_context():
        key = db.session.scalars(select(ApiKey).where(ApiKey.name == "shop")).one()
        api_keys.revoke(key.id, "test")
        with pytest.raises(ValueError, match="revoked"):
            api_keys.rotate(key.id, "test", live=False)
    assert mine.get("payments").status_code == 401
    assert theirs.get("payments").status_code == 200


def test_when_a_key_was_used_is_known(app: Flask) -> None:
    used, unused = Application(app, new_key(app)), new_key(app, name="unused")
    assert used.get("payments").status_code == 200
    with app.app_context():
        keys = {key.name: key.used_at for key in api_keys.all_keys(db.session())}
    assert keys["shop"] is not None
    assert keys["unused"] is None
    assert unused


def test_whoever_makes_rotates_and_revokes_a_key_is_in_the_history(app: Flask) -> None:
    untouched = new_key(app, name="another application")
    new_key(app)
    with app.app_context():
        key = db.session.scalars(select(ApiKey).where(ApiKey.name == "shop")).one()
        api_keys.rotate(key.id, "ada", live=False, hours=2)
        api_keys.revoke(key.id, "eve")
        api_keys.revoke(key.id, "bob")  # it was revoked
        said = select(HistoryEntry).where(HistoryEntry.subject == key.id).order_by(HistoryEntry.id)
        entries = [(one.what, one.actor) for one in db.session.scalars(said)]
    assert entries == [
        ("api_key.created", "test"),
        ("api_key.rotated", "ada"),
        ("api_key.revoked", "eve"),
    ]
    assert Application(app, untouched).get("payments").status_code == 200


class TestLimits:
    @pytest.fixture
    def settings(self, settings: dict[str, str]) -> dict[str, str]:
        return settings | {"API_RATE_LIMIT": "2/hour"}

    def test_each_key_has_a_limit_of_its_own(
        self, shop_application: Application, other_application: Application
    ) -> None:
        codes = [shop_application.get("payments").status_code for _ in range(3)]
        assert codes == [200, 200, 429]
        assert other_application.get("payments").status_code == 200


def test_keys_are_made_on_the_command_line(app: Flask) -> None:
    runner: FlaskCliRunner = app.test_cli_runner()
    made = runner.invoke(args=["keys", "create", "bookings", "--scope", "payments:read"])
    assert made.exit_code == 0, made.output
    secret = made.stdout.strip()
    assert Application(app, secret).get("payments").status_code == 200
    listed = runner.invoke(args=["keys", "list"]).stdout
    assert "bookings" in listed
    assert secret not in listed
    key_id = next(line.split()[0] for line in listed.splitlines() if "bookings" in line)
    changed = runner.invoke(args=["keys", "rotate", key_id, "--overlap-hours", "0"]).stdout.strip()
    assert Application(app, secret).get("payments").status_code == 401
    assert Application(app, changed).get("payments").status_code == 200
    assert runner.invoke(args=["keys", "revoke", key_id]).exit_code == 0
    assert Application(app, changed).get("payments").status_code == 401


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["create", "a b", "--scope", "all"], "Choose at least one of the scopes"),
        (["create", "<b>"], "Enter a name"),
        (["rotate", "key_none"], "There is no key key_none."),
        (["revoke", "key_none"], "There is no key key_none."),
    ],
)
def test_a_mistake_on_the_command_line_is_a_sentence(
    app: Flask, words: list[str], said: str
) -> None:
    result = app.test_cli_runner().invoke(args=["keys", *words])
    assert result.exit_code == 1
    assert said in result.output
    assert ASKED["description"] not in result.output
