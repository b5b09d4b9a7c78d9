"""For the workers and the beat of a chaos run: the portal's settings, on the run's clock."""

import os

from django.utils import timezone

from portal.settings import *  # noqa: F403
from tests.chaos.clock import VARIABLE, Clock

CLOCK = timezone.now = Clock.from_words(os.environ[VARIABLE])
INSTALLED_APPS = [*INSTALLED_APPS, "tests.chaos"]  # noqa: F405
EMAIL_TIMEOUT = 1.5  # seconds of this machine: as with the portal's own, a mail that drags on stays inside its claim
CELERY_BEAT_SCHEDULE = {"due": {**CELERY_BEAT_SCHEDULE["due"], "schedule": 60 / CLOCK.rate}}  # noqa: F405
