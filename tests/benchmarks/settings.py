"""The tests' settings, with the stock Django admin and an empty page beside the portal."""

from tests.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "django.contrib.admin"]  # noqa: F405
ROOT_URLCONF = "tests.benchmarks.urls"
DEBUG = False
LOGGING = {"version": 1, "disable_existing_loggers": True}
