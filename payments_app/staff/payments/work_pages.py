"""Who deals with what needs somebody: I take it, done, not ours, give it back."""

from __future__ import annotations

from contextlib import suppress

from flask import redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts.gate import signed_in
from payments_app.attention import take_work
from payments_app.attention.models import ANSWERS
from payments_app.core.db.ids import looks_like_id
from payments_app.core.web.access import staff
from payments_app.core.web.http import ProblemError
from payments_app.core.web.link_requests import our_path
from payments_app.core.web.links import without_prefix
from payments_app.core.web.page_before import page_left
from payments_app.staff.blueprint import blueprint

_BACK = {"home": "staff.home", "doubles": "staff.double_payments"}


@blueprint.post("/work")
@staff("note")
def say_of_work() -> BaseResponse:
    """Take it, give it back, or answer it; what somebody else answered meanwhile stays so."""
    key, said = request.form.get("key", ""), request.form.get("said", "")
    if said not in ("take", "give_back", *ANSWERS):
        raise ProblemError(422, "invalid", "Choose what to do with it.")
    with suppress(LookupError):  # the page shows what is left
        if said == "take":
            take_work.take(key, signed_in().id)
        elif said == "give_back":
            take_work.give_back(key, signed_in().id)
        else:
            take_work.answer(key, said, signed_in().id)
    left = our_path(page_left() or "", "")
    if without_prefix(left).startswith("/staff"):
        return redirect(f"{left}#work", 303)
    about = request.form.get("transaction_id", "")
    if looks_like_id(about, "txn"):
        return redirect(url_for("staff.payment", transaction_id=about), 303)
    back = _BACK.get(request.form.get("back", ""), "staff.home")
    return redirect(url_for(back), 303)
