"""The checkout's fields, as browsers, password managers and screen readers read them."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from tests.checkout.checkout_client import BROWSER, CheckoutClient
from tests.languages.pseudo import texts_of

pytestmark = pytest.mark.portable
Attributes = dict[str, str | None]


class Form(HTMLParser):
    """`fields` are what a person fills in, `labelled` the ids that labels are for."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: list[Attributes] = []
        self.labelled: set[str | None] = set()
        self.ids: set[str | None] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.ids.add(values.get("id"))
        if tag == "label":
            self.labelled.add(values.get("for"))
        hidden = values.get("type") == "hidden" or (values.get("name") or "").startswith("_")
        if tag in {"input", "select", "textarea"} and not hidden:
            self.fields.append(values)

    def field(self, name: str) -> Attributes:
        (found,) = [field for field in self.fields if field.get("name") == name]
        return found


def form_of(checkout: CheckoutClient) -> Form:
    return Form(checkout.client.get("/checkout/field-notes", headers=BROWSER).text)


def test_every_field_has_a_label_and_none_a_placeholder(checkout: CheckoutClient) -> None:
    form = form_of(checkout)
    assert form.fields
    assert [field for field in form.fields if field.get("id") not in form.labelled] == []
    assert [field for field in form.fields if "placeholder" in field] == []


def test_the_browser_knows_the_e_mail_field(checkout: CheckoutClient) -> None:
    email = form_of(checkout).field("email")
    assert (email["type"], email["autocomplete"], "required" in email) == ("email", "email", True)


def test_the_order_with_its_total_and_currency_stands_above_the_form(
    checkout: CheckoutClient,
) -> None:
    page = checkout.page("/checkout/field-notes").text
    above = texts_of(page.partition("<main")[2].partition('<form class="card"')[0])
    assert {"Field notes", "Total", "$10.99", "USD"} <= set(above)


def test_names_and_ids_stay_the_same(checkout: CheckoutClient) -> None:
    first, second = form_of(checkout), form_of(checkout)
    names = [(field.get("name"), field.get("id")) for field in first.fields]
    assert names == [(field.get("name"), field.get("id")) for field in second.fields]
    assert ("email", "email") in names
    assert not any(re.search(r"[0-9a-f]{8}", str(id_)) for _, id_ in names)


def test_a_wrong_field_says_so_to_who_can_not_see_it(checkout: CheckoutClient) -> None:
    answer = checkout.send(checkout.form() | {"email": "ada"})
    form = Form(answer.text)
    email = form.field("email")
    assert (answer.status_code, email["aria-invalid"]) == (422, "true")
    assert set((email["aria-describedby"] or "").split()) <= form.ids
    assert "email-error" in (email["aria-describedby"] or "")
