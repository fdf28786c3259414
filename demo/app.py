"""The application with the demo's own commands: `flask --app demo.app demo seed`."""

from demo.commands import prepare
from payments_app import create_app

app = create_app()
prepare(app)
