"""The blueprint of health, metrics, and the staff's pages of queues and alerts."""

from flask import Blueprint

blueprint = Blueprint("ops", __name__)
