"""The pages and mails of a buyer that are read in a made-up language are all that there are."""

from __future__ import annotations

from tests.languages import test_mails, test_pages
from tests.languages.visits import buyers_templates, said_by


def test_no_page_and_no_mail_of_a_buyer_is_left_out() -> None:
    assert said_by(test_pages, test_mails) == set(buyers_templates())
