"""Wiring of the portal: settings, addresses, Celery, health. The product itself is the package `accounts`."""

from portal.celery import app as celery_app

__all__ = ["celery_app"]
