"""The blueprint of health, metrics, and the staff's pages of queues and alerts."""

from flask import Blueprint

from payments_app.accounts.gate import refuse_nul

blueprint = Blueprint("ops", __name__)
blueprint.before_request(refuse_nul)
