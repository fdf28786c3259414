"""calls: a call to Stripe in a sentence: what was asked, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from payments_app.core.db.ids import without_payment_methods
from payments_app.gateway.results import Verdict
from payments_app.staff.cells import in_words

Call = tuple[str, Mapping[str, Any]]  # its name, and what the history keeps of its answer

_ASKED = {
    "create": "Asked Stripe to create the payment",
    "confirm": "Asked Stripe to charge",
    "retrieve": "Asked Stripe how the payment stands",
    "cancel": "Asked Stripe to cancel the payment",
    "customer_create": "Asked Stripe to keep the customer",
    "charge_retrieve": "Read the charge and its fee at Stripe",
    "refund_create": "Asked Stripe to refund",
    "refund_retrieve": "Asked Stripe how the refund stands",
    "refund_find": "Asked Stripe whether it was refunded",
}
_CAME = {
    Verdict.SUCCEEDED: "succeeded",
    Verdict.PROCESSING: "the bank takes its time",
    Verdict.REQUIRES_ACTION: "the bank asks the customer to confirm",
    Verdict.OPEN: "nothing charged",
    Verdict.CANCELED: "cancelled, it can't be charged any more",
    Verdict.MOVED_ON: "it is in another state than we thought",
}
_UNDECIDED = (Verdict.UNKNOWN, Verdict.LATER, Verdict.MISCONFIGURED)
# Of a call whose answer was lost: what a later answer says of it, and what is said until then.
_REPEATED = {
    "create": ("it was created all the same", "nothing was created"),
    "refund_create": ("the refund was made all the same", "nothing was refunded"),
}
_CHARGED = {
    Verdict.SUCCEEDED: "it was charged all the same",
    Verdict.PROCESSING: "the bank had it",
    Verdict.REQUIRES_ACTION: "the bank asked the customer to confirm",
    Verdict.DECLINED: "it was declined",
    Verdict.OPEN: "nothing was charged",
    Verdict.CANCELED: "nothing was charged",
}
_NOT_KNOWN = {
    "create": "whether it was created is not known",
    "refund_create": "whether it was refunded is not known",
    "confirm": "whether it was charged is not known",
}


def sentence(call: Call, later: Sequence[Call]) -> tuple[str, bool]:
    """The call in a sentence, and whether it went wrong; `later` are the calls after it."""
    name, data = call
    asked = _ASKED.get(name) or f"Asked Stripe: {in_words(name)}"
    verdict, status = data.get("verdict"), data.get("http_status")
    message = without_payment_methods(str(data.get("message") or ""))
    told = message or in_words(data.get("error_code")) or ""
    if verdict == Verdict.UNKNOWN:
        came = _came_of_it(name, later)
        what = told if status == 200 and told else "No answer of Stripe's came"
        if _is_error(status):
            what = f"Stripe answered {status}"
        return f"{asked}. {what}{came and f': {came}'}", True
    if verdict == Verdict.DECLINED:
        why = in_words(data.get("decline_code") or data.get("error_code"))
        return f"{asked}: declined{f' ({why})' if why else ''}", True
    if verdict in (Verdict.LATER, Verdict.MISCONFIGURED, Verdict.INVALID):
        refused = "" if verdict == Verdict.LATER else "refused, "
        return f"{asked}: {refused}nothing was done{told and f' ({told})'}", True
    if name == "create" and verdict == Verdict.OPEN:
        return f"{asked}: {'created before' if data.get('replayed') else 'created'}", False
    came = _CAME.get(verdict, "") or in_words(data.get("status")) or ""  # type: ignore[arg-type]
    return f"{asked}{came and f': {came}'}", False


def _is_error(status: Any) -> bool:
    return isinstance(status, int) and status >= 400


def _came_of_it(name: str, later: Sequence[Call]) -> str:
    """What a call did whose answer was lost, as far as later answers say it."""
    for other, data in later:
        if data.get("verdict") in _UNDECIDED:
            continue
        if name == other and name in _REPEATED:
            return _REPEATED[name][0 if data.get("replayed") else 1]
        if name == "confirm" and other == "retrieve":
            return _CHARGED.get(data.get("verdict"), "")  # type: ignore[arg-type]
    return _NOT_KNOWN.get(name, "")
