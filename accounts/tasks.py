"""The door for time: Celery's tasks. They carry an id at most; what is to be done stands in the database."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from accounts import delivery, schedule
from accounts.actions import credentials
from accounts.lifecycle.actor import SYSTEM
from accounts.models import Credential


@shared_task(name="accounts.tasks.deliver_messages")  # type: ignore[untyped-decorator]
def deliver_messages() -> None:
    """Deliver what is due: sent by the outbox after each commit that owes a message."""
    delivery.deliver_due(timezone.now)


@shared_task(name="accounts.tasks.run_due")  # type: ignore[untyped-decorator]
def run_due() -> None:
    """Run the jobs that are due: sent by beat every minute."""
    schedule.run_due(timezone.now)


@shared_task(name="accounts.tasks.verify_credential")  # type: ignore[untyped-decorator]
def verify_credential(credential_id: str) -> None:
    """Ask the token URL whether a credential works: sent after Cegal entered it. One that is gone is left alone."""
    credential = Credential.objects.filter(pk=credential_id, destroyed_at__isnull=True).first()
    if credential is not None:
        credentials.verify(credential, by=SYSTEM, now=timezone.now())
