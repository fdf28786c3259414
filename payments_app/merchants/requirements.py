"""requirements: what Stripe still asks of a merchant, in words.

Stripe's names are paths such as `person_1.verification.document`, and other ones in API v2
(https://docs.stripe.com/connect/handling-api-verification).
"""

from __future__ import annotations

import re

from payments_app.core.db.columns import as_object
from payments_app.gateway.words import word
from payments_app.merchants.models import ConnectedAccount

LONGEST = 80
_PERSON = re.compile(r"^person_\w+")
# By the beginning of the path: the longest that fits is taken.
_WORDS = {
    "business_profile": "details of the business",
    "business_profile.mcc": "the line of business",
    "business_profile.product_description": "what is sold",
    "business_profile.support_phone": "a telephone number for buyers",
    "business_profile.url": "a website",
    "business_type": "the kind of business",
    "company": "details of the company",
    "company.tax_id": "the company's tax number",
    "company.verification": "a document of the company",
    "configuration.merchant.mcc": "the line of business",
    "configuration.merchant.statement_descriptor": "the words on buyers' statements",
    "configuration.merchant.support.phone": "a telephone number for buyers",
    "defaults.profile": "details of the business",
    "defaults.profile.business_url": "a website",
    "defaults.profile.product_description": "what is sold",
    "directors": "the company's directors",
    "executives": "the company's executives",
    "external_account": "a bank account",
    "identity.attestations.terms_of_service": "consent to Stripe's terms",
    "identity.business_details": "details of the company",
    "identity.business_details.documents": "a document of the company",
    "identity.business_details.id_numbers": "the company's tax number",
    "identity.entity_type": "the kind of business",
    "identity.individual": "details of the person",
    "identity.individual.documents": "an identity document",
    "individual": "details of the person",
    "individual.verification": "an identity document",
    "owners": "the company's owners",
    "person": "details of a person who runs the business",
    "person.verification": "an identity document",
    "relationship.representative": "details of a person who runs the business",
    "representative": "details of a person who runs the business",
    "settings.payments.statement_descriptor": "the words on buyers' statements",
    "tos_acceptance": "consent to Stripe's terms",
}


def asked_for(account: ConnectedAccount) -> list[str]:
    """What Stripe wants now of a merchant, each once, what is overdue first."""
    asked = as_object(account.requirements)
    lists = [asked.get(name) for name in ("past_due", "currently_due")]
    names = [name for found in lists if isinstance(found, list) for name in found]
    return list(dict.fromkeys(in_words(name) for name in names if isinstance(name, str)))


def in_words(name: str) -> str:
    """A requirement of Stripe's in words; one that is not known here by its own name, cut to
    LONGEST characters."""
    parts = _PERSON.sub("person", name).split(".")
    for length in range(len(parts), 0, -1):
        words = _WORDS.get(".".join(parts[:length]))
        if words:
            return words
    return word(name.replace("_", " ").replace(".", ": "), LONGEST) or ""
