"""E-mail addresses: one form for each, however it was typed.

The local part in NFC, its letters' case as typed; the domain in lower case, as people read it.
Browsers, mail programs and Stripe send the same domain as `bücher.example` or as
`xn--bcher-kva.example`, and Macs send letters and their accents apart.
Sources: RFC 5321, RFC 5890 (IDNA 2008), RFC 6532 section 3.1.
"""

from __future__ import annotations

import re
import unicodedata

import idna
from email_validator import EmailNotValidError, validate_email

MAX_LENGTH = 254  # RFC 5321: a path of 256 with its angle brackets
_MOST_TYPED = 4 * MAX_LENGTH  # with its letters and their accents apart
ERASED_DOMAIN = "erased.invalid"  # RFC 2606: nobody's, ever
_PART = r"[^\s@<>()\[\]\"',;:]"
# From where its letters begin, or right behind another one: looked for from each letter of a long
# word on, it would cost the square of the word.
_IN_TEXT = re.compile(rf"(?:(?<!{_PART}){_PART}+|{_PART}{{1,64}})@{_PART}+\.[^\W\d_]{{2,}}")


def normal(typed: str) -> str:
    """The one form of an address; of what is none, as far as it goes."""
    local, at, domain = typed.strip().rpartition("@")
    try:
        domain = idna.decode(_ascii(domain))
    except idna.IDNAError:
        domain = _nfc(domain.lower())
    return f"{_nfc(local)}{at}{domain}"


def compared(typed: str) -> str:
    """What tells whether two addresses are the same: the one form, its local part in lower case
    too. Hardly a mail server tells those apart, and people never do."""
    return _nfc(normal(typed).lower())


def checked(typed: str) -> str | None:
    """The one form of an address that mail can be sent to; None for what is none."""
    try:
        address = normal(validate_email(typed.strip(), check_deliverability=False).normalized)
    except EmailNotValidError:
        return None
    return address if len(address) <= MAX_LENGTH else None


def without_addresses(text: str) -> str:
    """The text with each address in it cut."""
    return _IN_TEXT.sub("[e-mail address]", text)


def with_ascii_domain(address: str) -> str:
    """An address with its domain as every mail server knows it (RFC 5890); what is none stays."""
    local, at, domain = address.rpartition("@")
    try:
        return f"{local}{at}{_ascii(domain)}"
    except idna.IDNAError:
        return address


def _ascii(domain: str) -> str:
    """Raises idna.IDNAError."""
    return idna.encode(domain, uts46=True).decode()


def _nfc(text: str) -> str:
    """To put accents in order takes the square of their number: of what is no address, as it is."""
    return text if len(text) > _MOST_TYPED else unicodedata.normalize("NFC", text)
