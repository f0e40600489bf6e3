"""What both Django applications share: a site in one file, with its database in a folder of the test."""

import os
from collections.abc import Sequence
from typing import Any
from wsgiref.simple_server import make_server

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

ISSUER = os.environ["ISSUER"]
URL = os.environ["URL"]
CLIENT_ID = os.environ["CLIENT_ID"]
CLIENT_SECRET = os.environ["CLIENT_SECRET"]


def configure(backend: str, applications: Sequence[str], **more: Any) -> None:
    """A site as `django-admin startproject` makes it, that logs in through the backend."""
    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1"],
        AUTHENTICATION_BACKENDS=[backend],
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{os.environ['FOLDER']}/db.sqlite3"}
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            *applications,
        ],
        LOGIN_REDIRECT_URL="/",
        LOGOUT_REDIRECT_URL="/",
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        ROOT_URLCONF="__main__",
        SECRET_KEY=os.environ["COOKIE_SECRET"],
        **more,
    )
    django.setup()


def serve() -> None:
    """Make the tables and answer requests."""
    call_command("migrate", verbosity=0)
    make_server("127.0.0.1", int(os.environ["PORT"]), get_wsgi_application()).serve_forever()
