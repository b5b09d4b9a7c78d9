"""People and the roles they hold."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.lifecycle.states import GRANTED_ROLES, Role
from accounts.models.subject import Subject


class PersonManager(BaseUserManager["Person"]):
    """Finds people by email address, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> Person:
        return self.get(email__iexact=username)

    def create_user(self, email: str, name: str = "", **fields: Any) -> Person:
        """A person without a password: sign-in is by a code sent to ``email``."""
        person = self.model(email=self.normalize_email(email).lower(), name=name, **fields)
        person.set_unusable_password()
        person.save(using=self._db)
        return person

    def holding(self, role: Role) -> models.QuerySet[Person]:
        """The active people who hold ``role`` now."""
        return self.filter(is_active=True, grants__role=role.value)


class Person(Subject, AbstractBaseUser):
    """Somebody who signs in with an email address that the portal has verified."""

    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=2, blank=True, default="", choices=[("en", "English"), ("nb", "Norsk")])
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = PersonManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="person_email_is_unique"),
            models.CheckConstraint(condition=~Q(email=""), name="person_email_is_given"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def roles(self) -> frozenset[Role]:
        """The roles granted to this person; one query, use ``people.actor_of`` once per request."""
        return frozenset(Role(role) for role in self.grants.values_list("role", flat=True))


class RoleGrant(models.Model):
    """One role held by one person, given by ``granted_by`` (in words) at ``granted_at``.

    ``by_single_sign_on``: it follows from a group that the issuer named, and goes when the group is gone.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(max_length=24, choices=[(role.value, role.value) for role in GRANTED_ROLES])
    granted_by = models.CharField(max_length=200)
    granted_at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    by_single_sign_on = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "role"], name="role_is_granted_once"),
            models.CheckConstraint(condition=Q(role__in=[role.value for role in GRANTED_ROLES]), name="role_is_known"),
        ]
        indexes = [models.Index(fields=["role", "person"], name="grant_by_role")]
