"""Whatever is posted to Stripe's door: 400 or stored once, never our fault."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz import odd
from tests.fuzz.cases import fuzzed
from tests.fuzz.target import Target
from tests.inbound.webhook_sender import URL, create_event, sign

EVENT = create_event()
PAYLOAD = json.dumps(EVENT).encode()
FIELDS = ("id", "object", "type", "created", "livemode", "account", "data")


def post(target: Target, payload: bytes, header: str | None = None) -> Any:
    given = sign(payload, target.secret) if header is None else header
    return target.post(URL, data=payload, headers={"Stripe-Signature": given})


@fuzzed
@given(payload=odd.BODIES, header=odd.HEADER)
def test_what_nobody_signed_is_refused(target: Target, payload: bytes, header: str) -> None:
    target.refuses(post(target, payload, header))


@fuzzed
@given(
    moment=st.integers() | st.text("0123456789.-+ e٣", max_size=20),
    signatures=st.lists(st.text("0123456789abcdef,=v ", max_size=70), max_size=5),
)
def test_a_signature_that_looks_like_one_is_refused(
    target: Target, moment: Any, signatures: list[str]
) -> None:
    header = ",".join([f"t={moment}", *(f"v1={found}" for found in signatures)])
    target.refuses(post(target, PAYLOAD, header.encode().decode("latin-1")))


@fuzzed
@given(bits=st.sets(st.integers(0, len(PAYLOAD) * 8 - 1), min_size=1, max_size=3))
def test_flipped_bits_are_refused(target: Target, bits: set[int]) -> None:
    flipped = bytearray(PAYLOAD)
    for bit in bits:
        flipped[bit // 8] ^= 1 << bit % 8
    target.refuses(post(target, bytes(flipped), sign(PAYLOAD, target.secret)))


@fuzzed
@given(off=st.integers(302, 10**11), sooner=st.booleans())
def test_a_signature_of_another_time_is_refused(target: Target, off: int, sooner: bool) -> None:
    moment = max(0.0, time.time() + (-off if sooner else off))
    target.refuses(post(target, PAYLOAD, sign(PAYLOAD, target.secret, moment)))


@fuzzed
@given(payload=odd.BODIES | odd.JSON.map(lambda made: json.dumps(made).encode()))
def test_a_signed_body_that_is_no_event_is_refused(target: Target, payload: bytes) -> None:
    target.refuses(post(target, payload))


@fuzzed
@given(
    field=st.sampled_from(FIELDS),
    value=odd.JSON,
    kind=st.sampled_from(
        ["payment_intent.succeeded", "charge.refunded", "invoice.payment_failed", "a.b"]
    ),
    content=st.dictionaries(
        st.sampled_from(["id", "payment_intent", "customer", "status", "amount", "metadata"]),
        odd.JSON,
    ),
)
def test_a_signed_event_with_an_odd_part_is_refused_or_stored(
    target: Target, field: str, value: Any, kind: str, content: dict[str, Any]
) -> None:
    event = copy.deepcopy(EVENT) | {"type": kind, "data": {"object": content}}
    event[field] = value
    target.survives(post(target, json.dumps(event).encode()))
