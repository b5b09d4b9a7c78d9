"""Environments of the Loop API: rows, not constants (DOMAIN.md, "Things")."""

from __future__ import annotations

from enum import StrEnum

from django.db import models
from django.db.models import Q

from accounts.models.subject import Subject, choices, known


class ProviderKind(StrEnum):
    """Who makes, disables and enables the clients of an environment: people, or a program that is asked."""

    PEOPLE = "people"
    WEBHOOK = "webhook"
    ENTRA = "entra"


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
    token_by_basic = models.BooleanField(
        default=False, help_text="Do the client id and the secret go by HTTP Basic, not in the form?"
    )
    sales_checked = models.BooleanField(
        default=False, help_text="Is one sale asked for too when credentials are verified?"
    )
    active = models.BooleanField(default=True, help_text="Can it be chosen on new orders?")
    provider = models.CharField(max_length=10, choices=choices(ProviderKind), default=ProviderKind.PEOPLE.value)

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="environment_name_is_given"),
            models.CheckConstraint(condition=~Q(token_url=""), name="environment_token_url_is_given"),
            known("provider", ProviderKind, "environment_provider_is_known"),
        ]

    def __str__(self) -> str:
        return self.name
