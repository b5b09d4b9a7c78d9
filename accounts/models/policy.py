"""The policy's numbers that an administrator changed; the rest are the defaults of ``lifecycle.policy``."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.lifecycle.policy import POLICY_NAMES, Policy


class PolicyNumber(models.Model):
    """One number of the policy, by its name in ``lifecycle.policy.Policy``."""

    name = models.CharField(primary_key=True, max_length=40)
    value = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(name__in=POLICY_NAMES), name="policy_number_is_known"),
            models.CheckConstraint(condition=Q(value__gte=1), name="policy_number_is_positive"),
        ]


def current_policy() -> Policy:
    """The policy in force now: the defaults with the changed numbers over them. One query."""
    return Policy(**dict(PolicyNumber.objects.values_list("name", "value")))
