"""The links in mails: a mail is stored with a placeholder, and its link is made as it is sent.

So whoever reads the table finds no link that works, and a mail that is sent late, or again, has a
new one.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from payments_app.core.web import links, one_time_links

PLACEHOLDER = "[link]"


def signs_in(path: str, purpose: str, subject: str, to: str) -> dict[str, str]:
    """A link that signs `subject` in, once. Its token follows `path`."""
    return {"path": path, "purpose": purpose, "subject": subject, "to": to}


def reaches(path: str, purpose: str, subject: str) -> dict[str, str]:
    """A signed link to `subject`, and to nothing else."""
    return {"path": path, "purpose": purpose, "subject": subject}


def opens(path: str, name: str) -> dict[str, str]:
    """A link to what is asked for by this name, once signed, and to nothing else."""
    return {"path": path, "name": name}


def is_to_sign_in(link: dict[str, Any]) -> bool:
    """Whether it signs somebody in, who asked for it just now."""
    return "to" in link


def make(session: Session, link: dict[str, Any], recipient: str) -> str:
    """The whole address of a new link."""
    if "name" in link:
        token = links.sign_name(link["name"])
    elif is_to_sign_in(link):
        purpose, subject = link["purpose"], link["subject"]
        token = one_time_links.make(session, purpose, subject, recipient, link["to"])
    else:
        token = links.sign(link["purpose"], link["subject"])
    return links.absolute(f"{link['path']}{token}")
