"""ask_for_link: a buyer wants the link that makes a browser known as theirs."""

from __future__ import annotations

from payments_app.core.web import link_requests

MAIL_LINK = "notices.account_link"


def ask_for_link(email: str, to: str = "/account") -> None:
    """Stage the mail, once a minute at most, whosever address it is: the job looks. The link leads
    on to the path `to`."""
    link_requests.ask(MAIL_LINK, email, to)
