"""Who stands in for a service responsible, and from when until when."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from django.db import models
from django.db.models import F, Q

from accounts.lifecycle.states import Role
from accounts.models.person import Person, RoleGrant


class DeputyQuerySet(models.QuerySet["Deputy"]):
    def standing_in(self, on: date) -> DeputyQuerySet:
        """Those whose range contains the day ``on`` (Europe/Oslo); both ends count. See ``counting``."""
        return self.counting().filter(starts_on__lte=on, ends_on__gte=on)

    def upcoming(self, on: date) -> DeputyQuerySet:
        """Those whose range begins after the day ``on``. See ``counting``."""
        return self.counting().filter(starts_on__gt=on)

    def counting(self) -> DeputyQuerySet:
        """Those that were not taken back, and whose principal is active and still is service responsible.

        Nobody stands in for somebody who may not decide themselves, nor does somebody who was deactivated.
        """
        holders = RoleGrant.objects.filter(role=Role.SERVICE_RESPONSIBLE.value, person__is_active=True)
        return self.filter(ended_at__isnull=True, deputy__is_active=True, principal__in=holders.values("person"))


class Deputy(models.Model):
    """``deputy`` may decide what ``principal``, a service responsible, may decide, on these days (DOMAIN.md, "Who")."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    principal = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="deputies")
    deputy = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="stands_in_for")
    starts_on: models.DateField[date, date] = models.DateField()
    ends_on: models.DateField[date, date] = models.DateField()
    named_at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text="Taken back before its last day.")

    objects = DeputyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="deputy_ends_after_start"),
            models.CheckConstraint(condition=~Q(deputy=F("principal")), name="deputy_is_somebody_else"),
        ]
        indexes = [
            models.Index(
                fields=["deputy", "starts_on", "ends_on"], name="deputy_now", condition=Q(ended_at__isnull=True)
            ),
        ]


def holders(role: Role, today: date) -> models.QuerySet[Person]:
    """The active people who hold ``role`` on ``today`` (Europe/Oslo): granted to them, or as somebody's deputy."""
    granted = Q(pk__in=RoleGrant.objects.filter(role=role.value).values("person"))
    if role is Role.SERVICE_RESPONSIBLE:
        granted |= Q(pk__in=Deputy.objects.standing_in(today).values("deputy"))
    return Person.objects.filter(granted, is_active=True)
