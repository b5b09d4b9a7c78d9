"""The Celery application. Tasks are in `accounts.tasks`; what must happen is a row, the broker only wakes."""

import logging.config
import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging
from django_structlog.celery.steps import DjangoStructLogInitStep

from portal.folders import use_folders

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

use_folders()
app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)


@setup_logging.connect(dispatch_uid="portal.celery.configure_logging")
def configure_logging(**_kwargs: Any) -> None:
    """Let worker and beat write the same lines as the web processes, in place of Celery's own set-up."""
    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)
