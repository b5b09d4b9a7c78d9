"""The policy's numbers that an administrator changed; the rest are the defaults of ``lifecycle.policy``."""

from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models import Q

from accounts.lifecycle.policy import POLICY_NAMES, Policy
from accounts.models.prepared import Prepared
from accounts.models.subject import Subject

THE_POLICY = UUID(int=1)


class PolicyNumber(models.Model):
    """One number of the policy, by its name in ``lifecycle.policy.Policy``."""

    name = models.CharField(primary_key=True, max_length=40)
    value = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(name__in=POLICY_NAMES), name="policy_number_is_known"),
            models.CheckConstraint(condition=Q(value__gte=1), name="policy_number_is_positive"),
        ]


class PolicyRecord(Subject):
    """The one row whose history tells who changed which numbers of the policy, and why (``data``: from and to).

    It is made by the first change; until then the policy is that of ``lifecycle.policy``.
    """

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=THE_POLICY), name="policy_is_one")]

    @classmethod
    def subject_type(cls) -> str:
        return "policy"

    def __str__(self) -> str:
        return "policy"


def policy_record() -> PolicyRecord:
    """The policy as the subject of its history; unsaved (version 0) before the first change. One query."""
    return PolicyRecord.objects.filter(pk=THE_POLICY).first() or PolicyRecord(pk=THE_POLICY)


def current_policy() -> Policy:
    """The policy in force now: the defaults with the changed numbers over them. One query."""
    return Policy(**dict(_NUMBERS.rows()))


_NUMBERS = Prepared(lambda: PolicyNumber.objects.values_list("name", "value"))
