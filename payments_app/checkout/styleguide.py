"""`/styleguide`: what a buyer's pages are made of, in each of its states, for who builds them."""

from __future__ import annotations

from flask import current_app, render_template
from werkzeug.exceptions import NotFound

from payments_app.checkout.blueprint import blueprint
from payments_app.checkout.styleguide_samples import samples
from payments_app.core.web.access import public


@blueprint.get("/styleguide")
@public
def styleguide() -> str:
    """All components and states; nothing but in development (FLASK_DEBUG)."""
    if not current_app.config["CONFIG"].debug:
        raise NotFound
    return render_template("styleguide.html", **samples())
