"""Django admin's list of payments, as its documentation begins one."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import django
from django.conf import settings

APPS = ("admin", "auth", "contenttypes", "messages", "staticfiles")
# Who is signed in costs no query here.
MEMBER = SimpleNamespace(
    is_active=True, is_staff=True, is_authenticated=True, pk=1, has_usable_password=lambda: True,
    has_perm=lambda *_: True, has_module_perms=lambda *_: True, get_username=lambda: "ada",
    get_short_name=lambda: "ada",
)  # fmt: skip


def signed_in(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Middleware: everyone is."""

    def answer(request: Any) -> Any:
        request.user = MEMBER
        return get_response(request)

    return answer


def made(
    database_url: str, last: int, email: str
) -> tuple[Callable[[str], tuple[int, str]], dict[str, str]]:
    """How to ask for an address, and the pages' addresses."""
    _set_up(database_url)
    from django.contrib import admin
    from django.db import models
    from django.test import Client

    class Payment(models.Model):
        id = models.TextField(primary_key=True)
        state = models.TextField()
        phase = models.TextField()
        amount = models.BigIntegerField()
        currency = models.TextField()
        email = models.TextField()
        description = models.TextField()
        card_brand = models.TextField(null=True)
        card_last4 = models.TextField(null=True)
        created_at = models.DateTimeField()

        class Meta:
            app_label = "auth"  # a model must be of one of the applications
            managed = False
            db_table = "pay_transactions"

    class Payments(admin.ModelAdmin):
        list_per_page = 50
        list_display = tuple(field.name for field in Payment._meta.fields)
        search_fields = ("email",)
        ordering = ("-created_at",)

    admin.site.register(Payment, Payments)
    client = Client()

    def get(address: str) -> tuple[int, str]:
        answer = client.get(address)
        return answer.status_code, answer.content.decode()

    first = "/admin/auth/payment/"
    return get, {
        "list": first,
        "deepest": f"{first}?p={last + 1}",
        "search": f"{first}?q={email}",
    }


def _set_up(database_url: str) -> None:
    url = urlsplit(database_url)
    settings.configure(
        SECRET_KEY="of a measurement",  # noqa: S106
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="django_urls",
        STATIC_URL="/static/",
        USE_TZ=True,
        INSTALLED_APPS=[f"django.contrib.{name}" for name in APPS],
        MIDDLEWARE=["django_list.signed_in"],
        TEMPLATES=[{
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {"context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]},
        }],
        DATABASES={"default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": url.path.lstrip("/"),
            "USER": url.username or "",
            "PASSWORD": url.password or "",
            "HOST": url.hostname or "",
            "PORT": str(url.port or ""),
            "CONN_MAX_AGE": None,
        }},
    )  # fmt: skip
    django.setup()
