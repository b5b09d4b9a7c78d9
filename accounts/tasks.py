"""The door for time: Celery's tasks. They carry no arguments; what is to be done stands in the database."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from accounts import delivery, schedule
from accounts.actions import bounces, credentials, operations, uploads
from accounts.lifecycle.actor import SYSTEM


@shared_task(name="accounts.tasks.deliver_messages")  # type: ignore[untyped-decorator]
def deliver_messages() -> None:
    """Deliver what is due: sent by the outbox after each commit that owes a message."""
    delivery.deliver_due(timezone.now)
    bounces.follow(now=timezone.now())


@shared_task(name="accounts.tasks.deliver_webhooks")  # type: ignore[untyped-decorator]
def deliver_webhooks() -> None:
    """Tell programs of events: sent by the outbox after each commit that owes a webhook."""
    delivery.deliver_webhooks(timezone.now)


@shared_task(name="accounts.tasks.work_operations")  # type: ignore[untyped-decorator]
def work_operations() -> None:
    """Ask the connectors for what is wanted of them: sent after each commit that owes a provider something."""
    operations.work_due(clock=timezone.now)


@shared_task(name="accounts.tasks.reconcile_providers")  # type: ignore[untyped-decorator]
def reconcile_providers() -> None:
    """Compare with the providers now: sent when somebody asks for it."""
    schedule.run_now("reconcile_providers", timezone.now)


@shared_task(name="accounts.tasks.run_due")  # type: ignore[untyped-decorator]
def run_due() -> None:
    """Run the jobs that are due: sent by beat every minute."""
    schedule.run_due(timezone.now)


@shared_task(name="accounts.tasks.check_inactivity")  # type: ignore[untyped-decorator]
def check_inactivity() -> None:
    """Run the daily check now: sent when Support asks for it."""
    schedule.run_now("check_inactivity", timezone.now)


@shared_task(name="accounts.tasks.verify_new")  # type: ignore[untyped-decorator]
def verify_new() -> None:
    """Verify the credentials that nobody verified yet: sent after Cegal entered one."""
    credentials.verify_new(clock=timezone.now, by=SYSTEM)


@shared_task(name="accounts.tasks.run_uploads", soft_time_limit=3600, time_limit=3660)  # type: ignore[untyped-decorator]
def run_uploads() -> None:
    """Take in the files that were handed in: sent after each upload, and by beat every minute."""
    uploads.run_waiting(timezone.now)
