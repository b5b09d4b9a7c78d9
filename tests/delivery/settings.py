"""For deliverers that run in a process of their own: the portal's settings, and the pages that mails lead to."""

from portal.settings import *  # noqa: F403

ROOT_URLCONF = "tests.delivery.urls"
EMAIL_TIMEOUT = 30
CELERY_BEAT_SCHEDULE = {"due": {**CELERY_BEAT_SCHEDULE["due"], "schedule": 2.0}}  # noqa: F405 # no test waits a minute
