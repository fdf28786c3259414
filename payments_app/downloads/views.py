"""The file behind a signed link."""

from __future__ import annotations

import io

from flask import Blueprint, Response, make_response, render_template, send_file

from payments_app.core.web.access import buyer
from payments_app.core.web.headers import private
from payments_app.downloads.deliver import DisputedError, RefundedError, fetch, purchase_of

blueprint = Blueprint("downloads", __name__)


@blueprint.get("/downloads/<token>")
@buyer
def download(token: str) -> Response:
    """The file; or, where the link is too old, forged or not paid for, the same calm page. Whoever
    got the money back is told so."""
    purchase_id = purchase_of(token)
    try:
        parcel = fetch(purchase_id) if purchase_id else None
    except RefundedError:
        return _gone("refunded")
    except DisputedError:
        return _gone("disputed")
    if parcel is None:
        return _gone("expired")
    return private(
        send_file(
            io.BytesIO(parcel.content),
            mimetype=parcel.media_type,
            as_attachment=True,
            download_name=parcel.filename,
        )
    )


def _gone(why: str) -> Response:
    page = render_template("downloads/gone.html", why=why)
    return private(make_response(page, 410))
