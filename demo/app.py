"""The application as the demo runs it: with commands and pages of its own.

`gunicorn demo.app:app`, `flask --app demo.app demo seed`. The product's own is `wsgi:app`.
"""

from demo import mailbox_pages
from demo.commands import prepare
from payments_app import create_app

app = create_app()
app.register_blueprint(mailbox_pages.blueprint)
prepare(app)
