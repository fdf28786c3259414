"""All the package's routes: importing its views hangs them on the blueprint."""

from payments_app.checkout import pages, pay, watch
from payments_app.checkout.blueprint import blueprint

__all__ = ["blueprint", "pages", "pay", "watch"]
