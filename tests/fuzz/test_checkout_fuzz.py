"""Whatever is sent to the shop: refused as documented, and nothing comes of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from hypothesis import assume, given
from hypothesis import strategies as st

from payments_app.core.web.idempotency_keys import MAX_KEY
from tests.fuzz import odd
from tests.fuzz.cases import fuzzed
from tests.fuzz.target import Target

WISH = {"item": "field-notes", "email": "ada@example.com", "payment_method": "pm_card_visa"}
NO_TEXT = odd.JSON.filter(lambda made: made is not None and not isinstance(made, str))
NO_ADDRESS = st.text(max_size=300).map(lambda text: text.replace("@", ""))
NO_NUMBER = st.floats() | st.integers(max_value=0) | st.text("abc -+.e", min_size=1)
SPOILERS = {
    "item": NO_TEXT | odd.IDS,
    "email": NO_TEXT | NO_ADDRESS,
    "payment_method": NO_TEXT | st.text(max_size=50).map(lambda text: f"-{text}"),
    "quantity": NO_NUMBER.filter(lambda made: str(made).strip() != "") | st.just(10**18),
    "amount": st.integers(max_value=-1) | st.just(1),
    "currency": NO_TEXT | st.just("eur"),
}
FORM_SPOILERS = {
    "item": odd.IDS,
    "email": NO_ADDRESS,
    "payment_method": st.text(max_size=50).map(lambda text: f"-{text}"),
}
BAD_KEYS = (
    st.text(
        st.characters(max_codepoint=255, exclude_characters="\r\n\x00"), min_size=MAX_KEY + 3
    ).map(lambda text: f"k{text}k")
    | st.tuples(odd.HEADER, st.sampled_from("\x01\x08\x1f\x7f\x80\x9f"), odd.HEADER).map(
        lambda parts: f"k{''.join(parts)}k"
    )
    | st.text(" \t", max_size=5)
)


@fuzzed
@given(wish=odd.spoiled(WISH, SPOILERS), key=st.uuids().map(str))
def test_an_odd_wish_as_json_is_refused(target: Target, wish: Any, key: str) -> None:
    headers = {"Idempotency-Key": key}
    target.refuses(target.post("/transactions", json=wish, headers=headers))


@fuzzed
@given(wish=odd.spoiled(WISH, SPOILERS) | st.just(WISH))
def test_a_wish_without_a_key_is_refused(target: Target, wish: Any) -> None:
    target.refuses(target.post("/transactions", json=wish))


@fuzzed
@given(
    body=odd.BODIES,
    kind=st.sampled_from(["application/json", "text/plain", "a/b", ""]),
    key=st.uuids().map(str),
)
def test_an_odd_body_is_refused(target: Target, body: bytes, kind: str, key: str) -> None:
    headers = {"Idempotency-Key": key}
    target.refuses(target.post("/transactions", data=body, content_type=kind, headers=headers))


@fuzzed
@given(key=BAD_KEYS)
def test_an_odd_key_is_refused(target: Target, key: str) -> None:
    answer = target.post("/transactions", json=WISH, headers={"Idempotency-Key": key})
    target.refuses(answer)
    assert answer.json["error"]["code"] == "idempotency_key_invalid"


@fuzzed
@given(form=odd.spoiled(WISH, FORM_SPOILERS), guarded=st.booleans(), key=odd.TEXT)
def test_an_odd_form_is_refused(target: Target, form: Any, guarded: bool, key: str) -> None:
    values = {name: str(value) for name, value in form.items()} | {"key": key}
    if guarded:
        values["csrf_token"] = target.csrf_token()
    encoded = "&".join(
        f"{quote(name, errors='replace')}={quote(value, errors='replace')}"
        for name, value in values.items()
    )
    target.refuses(
        target.post("/transactions", data=encoded, content_type="application/x-www-form-urlencoded")
    )


@fuzzed
@given(
    id_=odd.IDS,
    path=st.sampled_from(
        [
            "/transactions/{}",
            "/api/v1/transactions/{}",
            "/checkout/{}",
            "/thankyou?transaction={}",
            "/api/v1/products/{}",
        ]
    ),
)
def test_an_odd_id_names_nothing(target: Target, id_: str, path: str) -> None:
    named = quote(id_, safe="", errors="surrogatepass")
    assume(named.strip("./") and "%2F" not in named)
    answer = target.client.get(path.format(named), headers={"Accept": "application/json"})
    target.refuses(answer)
