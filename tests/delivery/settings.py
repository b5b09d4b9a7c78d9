"""For deliverers and workers in processes of their own: the portal's settings, with tests' patience."""

from portal.settings import *  # noqa: F403

EMAIL_TIMEOUT = 30
CELERY_BEAT_SCHEDULE = {"due": {**CELERY_BEAT_SCHEDULE["due"], "schedule": 2.0}}  # noqa: F405 # no test waits a minute
