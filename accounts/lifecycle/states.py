"""The words of the domain: roles, states, kinds (DOMAIN.md, "Who", "Things" and both lifecycles)."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """Who may do something. REQUESTER and OWNER are relations to one subject; the others are held by a person."""

    REQUESTER = "requester"
    OWNER = "owner"
    SUPPORT = "support"
    SERVICE_RESPONSIBLE = "service_responsible"
    CEGAL = "cegal"
    ADMINISTRATOR = "administrator"
    SYSTEM = "system"


GRANTED_ROLES = (Role.SUPPORT, Role.SERVICE_RESPONSIBLE, Role.CEGAL, Role.ADMINISTRATOR)
"""The roles that an administrator gives to a person; everybody who signed in is a requester."""


class OrderState(StrEnum):
    DRAFT = "draft"
    SUPPORT = "support"
    RETURNED = "returned"
    APPROVAL = "approval"
    APPROVED = "approved"
    CEGAL_SETUP = "cegal_setup"
    CREDENTIAL_ISSUE = "credential_issue"
    ISSUED = "issued"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class OrderKind(StrEnum):
    NEW_ACCESS = "new_access"
    REACTIVATION = "reactivation"
    SECRET_ROTATION = "secret_rotation"  # noqa: S105 - the name of a kind of order, not a secret


class AccountState(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    NOTIFIED = "notified"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class NoticeOutcome(StrEnum):
    """How a round of the inactivity procedure ended; OPEN while it runs."""

    OPEN = "open"
    KEPT = "kept"
    USED = "used"
    SUSPENDED = "suspended"
    CLOSED = "closed"
    HELD = "held"


class TaskKind(StrEnum):
    """Work owed outside the portal or by a person in it."""

    DISABLE_CLIENT = "disable_client"
    ENABLE_CLIENT = "enable_client"
    FIND_CONTACT = "find_contact"
    NEW_SECRET = "new_secret"  # noqa: S105 - the name of a task, not a secret
    REMOVE_SECRET = "remove_secret"  # noqa: S105 - the name of a task, not a secret
    CALLS_AFTER_SUSPENSION = "calls_after_suspension"
    SUSPENDED_IN_USE = "suspended_in_use"


PROVIDER_TASKS = frozenset(
    {TaskKind.DISABLE_CLIENT, TaskKind.ENABLE_CLIENT, TaskKind.NEW_SECRET, TaskKind.REMOVE_SECRET}
)
"""The tasks of the provider (Cegal); the others are Support's."""


class Audience(StrEnum):
    """Who is told of a transition."""

    REQUESTER = "requester"
    SUPPORT = "support"
    SERVICE_RESPONSIBLE = "service_responsible"
    DEPUTY = "deputy"
    UPCOMING_DEPUTY = "upcoming_deputy"
    CEGAL = "cegal"
    OWNER = "owner"
    TECHNICAL_CONTACT = "technical_contact"
    PERSON = "person"
    ASSIGNEE = "assignee"
    ADMINISTRATOR = "administrator"
