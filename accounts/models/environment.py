"""Environments of the Loop API: rows, not constants (DOMAIN.md, "Things")."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models.subject import Subject


class Environment(Subject):
    """TEST, PRODUCTION, ...: where a client asks for its token, and where the Loop API answers."""

    name = models.CharField(max_length=20, unique=True)
    position = models.PositiveSmallIntegerField(default=0)
    token_url = models.URLField(max_length=500)
    base_url = models.URLField(max_length=500)
    documentation_url = models.URLField(max_length=500, blank=True)
    documentation = models.ForeignKey(
        "accounts.Documentation", null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="The version that people see; none is shown where this is empty.",
    )  # fmt: skip
    private_addresses_allowed = models.BooleanField(
        default=False,
        help_text="May the token URL be an address inside a private network? Only for development.",
    )
    active = models.BooleanField(default=True, help_text="Can it be chosen on new orders?")

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="environment_name_is_given"),
            models.CheckConstraint(condition=~Q(token_url=""), name="environment_token_url_is_given"),
        ]

    def __str__(self) -> str:
        return self.name
