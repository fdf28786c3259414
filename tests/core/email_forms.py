"""One address, in each form in which people, browsers and Stripe send it."""

from __future__ import annotations

ONE = "müller@bücher.example"
FORMS = (
    ONE,
    "mu\u0308ller@bu\u0308cher.example",  # as a Mac sends it
    "müller@xn--bcher-kva.example",  # as a browser sends it
    " müller@XN--BCHER-KVA.EXAMPLE ",
    "mu\u0308ller@BÜCHER.example",
)
