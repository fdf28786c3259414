"""The web application: `gunicorn wsgi:app`, `flask --app wsgi ...`."""

from payments_app import create_app

app = create_app()
