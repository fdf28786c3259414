"""Files that are evidence, and how much of it a bank reads."""

import io
from typing import Any

import pytest
import stripe

from tests.sandbox.shop import confirmed, first_of

PDF = b"%PDF-1.4\r\n--\r\n\xff\x00 a receipt"


def upload(v1: Any, content: bytes = PDF, options: dict[str, str] | None = None) -> Any:
    file = io.BytesIO(content)
    file.name = "receipt.pdf"
    return v1.files.create({"file": file, "purpose": "dispute_evidence"}, options or {})


def dispute(v1: Any) -> Any:
    intent = v1.payment_intents.create(confirmed("pm_card_createDispute"))
    return first_of(v1.disputes, intent)


def test_a_file_is_kept_with_its_name_its_size_and_what_it_is(v1: Any) -> None:
    made = upload(v1)
    assert (made.filename, made.size, made.type) == ("receipt.pdf", len(PDF), "pdf")
    assert v1.files.retrieve(made.id).purpose == "dispute_evidence"


@pytest.mark.parametrize("content", [b"GIF89a", b"", b"%PDF-" + b"x" * 5 * 1024 * 1024])
def test_what_no_bank_opens_is_refused(v1: Any, content: bytes) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        upload(v1, content)


def test_the_same_file_sent_again_with_its_key_is_one_file(v1: Any, once: dict[str, str]) -> None:
    assert upload(v1, PDF, once).id == upload(v1, PDF, once).id


def test_another_file_with_the_same_key_is_refused(v1: Any, once: dict[str, str]) -> None:
    upload(v1, PDF, once)
    with pytest.raises(stripe.IdempotencyError):
        upload(v1, PDF + b"!", once)


def test_a_file_is_evidence_of_a_dispute(v1: Any) -> None:
    given = {"evidence": {"receipt": upload(v1).id}, "submit": False}
    staged = v1.disputes.update(dispute(v1).id, given)
    assert staged.evidence.receipt.startswith("file_")
    assert (staged.evidence_details.has_evidence, staged.evidence_details.submission_count) == (
        True,
        0,
    )


def test_a_file_that_is_none_is_no_evidence(v1: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        v1.disputes.update(dispute(v1).id, {"evidence": {"receipt": "file_of_nobody"}})


def test_more_than_a_bank_reads_is_refused(v1: Any) -> None:
    open_ = dispute(v1).id
    texts = (
        "access_activity_log cancellation_policy_disclosure cancellation_rebuttal "
        "duplicate_charge_explanation product_description refund_policy_disclosure "
        "refund_refusal_explanation uncategorized_text"
    )
    long = dict.fromkeys(texts.split(), "x" * 20_000)
    with pytest.raises(stripe.InvalidRequestError, match="150,000"):
        v1.disputes.update(open_, {"evidence": long, "submit": False})
    with pytest.raises(stripe.InvalidRequestError, match="20000"):
        v1.disputes.update(open_, {"evidence": {"uncategorized_text": "x" * 20_001}})
    assert v1.disputes.retrieve(open_).status == "needs_response"


def test_an_empty_text_takes_evidence_out(v1: Any) -> None:
    open_ = dispute(v1).id
    v1.disputes.update(open_, {"evidence": {"customer_name": "Ada"}, "submit": False})
    staged = v1.disputes.update(open_, {"evidence": {"customer_name": ""}, "submit": False})
    assert staged.evidence.customer_name is None


def test_a_submission_is_counted_at_once(v1: Any) -> None:
    open_ = dispute(v1).id
    given = {"evidence": {"uncategorized_text": "a letter"}, "submit": True}
    assert v1.disputes.update(open_, given).evidence_details.submission_count == 1
    assert v1.disputes.retrieve(open_).evidence_details.submission_count == 1
