"""All the package's routes: importing its views hangs them on the blueprint."""

from payments_app.checkout import challenge_page, pages, pay, script_words, styleguide, watch
from payments_app.checkout.blueprint import blueprint

__all__ = ["blueprint", "challenge_page", "pages", "pay", "script_words", "styleguide", "watch"]
