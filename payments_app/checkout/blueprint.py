"""The package's blueprint, which its views hang their routes on."""

from flask import Blueprint

blueprint = Blueprint("checkout", __name__)
