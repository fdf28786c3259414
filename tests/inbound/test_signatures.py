"""Only Stripe may tell us anything, only now, and never with a 5xx of ours."""

from __future__ import annotations

import json
import time

import pytest
from flask import Flask
from sqlalchemy import func, select

from payments_app.core.extensions import db
from payments_app.inbound.models import StripeEvent
from tests.inbound.webhook_sender import URL, WebhookSender, create_event, sign

pytestmark = pytest.mark.portable
CURRENT, PREVIOUS = (f"whsec_{word}Zr3vN0xKcT5yLmWb7Jd2Hf9G" for word in ("now", "before"))


def count_stored() -> int:
    db.session.rollback()
    return db.session.scalars(select(func.count()).select_from(StripeEvent)).one()


def refused(post: WebhookSender, payload: bytes, header: str | None = None) -> bool:
    answer = post.send_bytes(payload, header)
    return answer.status_code == 400 and count_stored() == 0


def body() -> bytes:
    return json.dumps(create_event()).encode()


def test_a_signed_event_is_taken(post: WebhookSender) -> None:
    assert post.send_bytes(body()).status_code == 200
    assert count_stored() == 1


def test_an_unsigned_event_is_refused(post: WebhookSender) -> None:
    assert refused(post, body(), "")


def test_a_forged_signature_is_refused(post: WebhookSender) -> None:
    assert refused(post, body(), sign(body(), "whsec_somebody_else"))


def test_a_single_flipped_bit_is_refused(post: WebhookSender) -> None:
    payload = body()
    for position in range(0, len(payload), 37):
        flipped = bytearray(payload)
        flipped[position] ^= 1
        assert refused(post, bytes(flipped), sign(payload, post.secret))


@pytest.mark.parametrize("seconds", [-301, 302, -86_400, 86_400])
def test_a_signature_far_from_now_is_refused(post: WebhookSender, seconds: int) -> None:
    payload = body()
    assert refused(post, payload, sign(payload, post.secret, time.time() + seconds))


@pytest.mark.parametrize("seconds", [-290, 290])
def test_a_signature_within_the_tolerance_is_taken(post: WebhookSender, seconds: int) -> None:
    payload = body()
    header = sign(payload, post.secret, time.time() + seconds)
    assert post.send_bytes(payload, header).status_code == 200


def test_a_changed_time_is_refused(post: WebhookSender) -> None:
    payload = body()
    old = sign(payload, post.secret, time.time() - 1000)
    assert refused(post, payload, f"t={int(time.time())},{old.partition(',')[2]}")


def test_only_version_1_counts(post: WebhookSender) -> None:
    payload = body()
    assert refused(post, payload, sign(payload, post.secret).replace("v1=", "v0="))


def test_one_good_signature_of_several_is_enough(post: WebhookSender) -> None:
    payload = body()
    header = sign(payload, post.secret).replace("v1=", f"v1={'0' * 64},v0=abc,v1=")
    assert post.send_bytes(payload, header).status_code == 200


@pytest.mark.parametrize(
    "header",
    ["t=,v1=", "t=1", "v1=00", "nonsense", "t=1e3,v1=00", "t=-5,v1=0", "t=٣,v1=0", "=,=,="],
)
def test_an_odd_signature_header_is_refused(post: WebhookSender, header: str) -> None:
    assert refused(post, body(), header.encode().decode("latin-1"))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff\xfe{}",
        b"null",
        b"[]",
        b"3",
        b'"evt"',
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"{}",
        b"1" * 10_000,
        b'{"object":"event"}',
        b'{"object":"event","id":"evt_1","type":"a.b","created":1,"livemode":false}',
        b'{"object":"event","id":"evt_1","type":"a.b","created":1,"data":{"object":{}}}',
        b'{"object":"event","id":7,"type":"a.b","created":1,"livemode":false,"data":{"object":{}}}',
        b'{"object":"event","id":"evt_\\u0000","type":"a.b","created":1,"livemode":false,'
        b'"data":{"object":{}}}',
        b'{"object":"event","id":"evt_1","type":"a.b","created":1e99,"livemode":false,'
        b'"data":{"object":{}}}',
        b'{"object":"event","id":"evt_1","type":"a.b","created":1,"livemode":false,'
        b'"account":"\\ud800","data":{"object":{}}}',
        b'{"object":"event","id":"evt_1","type":"a.b","created":1,"livemode":false,"data":[]}',
    ],
)
def test_a_signed_body_that_is_no_event_is_refused(post: WebhookSender, payload: bytes) -> None:
    assert refused(post, payload)


def test_a_body_of_256_kib_is_read(post: WebhookSender) -> None:
    payload = body().ljust(256 * 1024)
    assert post.send_bytes(payload).status_code == 200


def test_a_larger_body_is_refused_with_413(post: WebhookSender) -> None:
    payload = body().ljust(256 * 1024 + 1)
    assert post.send_bytes(payload).status_code == 413
    assert count_stored() == 0


class TestDuringARotation:
    @pytest.fixture
    def settings(self, settings: dict[str, str]) -> dict[str, str]:
        return settings | {"STRIPE_WEBHOOK_SECRET": f"{CURRENT}, {PREVIOUS}"}

    @pytest.mark.parametrize("secret", [CURRENT, PREVIOUS])
    def test_either_secret_is_good(self, post: WebhookSender, secret: str) -> None:
        payload = body()
        assert post.send_bytes(payload, sign(payload, secret)).status_code == 200

    def test_a_third_one_is_not(self, post: WebhookSender) -> None:
        assert refused(post, body(), sign(body(), f"{CURRENT}s"))


class TestWhileTheDatabaseIsAway:
    @pytest.fixture
    def settings(self, settings: dict[str, str]) -> dict[str, str]:
        return settings | {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}

    def test_stripe_is_asked_to_send_again(self, app: Flask) -> None:
        secret = app.config["CONFIG"].stripe_webhook_secrets[0]
        payload = body()
        answer = app.test_client().post(
            URL, data=payload, headers={"Stripe-Signature": sign(payload, secret)}
        )
        assert answer.status_code == 503
