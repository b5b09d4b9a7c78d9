"""What stands in the navigation, and who may open it (design: layouts "requester" and "staff").

A row names its page by URL name; a page that does not exist in this installation is simply not offered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import people
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.states import Role
from accounts.models import Person

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

OVERSEERS = frozenset({Role.ADMINISTRATOR, Role.SUPPORT, Role.SERVICE_RESPONSIBLE})
STAFF = frozenset({Role.SUPPORT, Role.SERVICE_RESPONSIBLE, Role.CEGAL, Role.ADMINISTRATOR})


@dataclass(frozen=True)
class Row:
    """One link: the URL name it leads to, who may open it (empty: everybody), and the pages it stands for."""

    page: str
    label: str | _StrPromise
    icon: str
    roles: frozenset[Role] = frozenset()
    also: frozenset[str] = frozenset()


@dataclass
class Item:
    """A row as it is drawn on one page."""

    label: str
    url: str
    icon: str
    current: bool
    count: int | None = None


@dataclass
class Group:
    label: str
    items: list[Item] = field(default_factory=list)


OWN: tuple[Row, ...] = (
    Row(
        "my_orders",
        _("My orders"),
        "file-text",
        also=frozenset({"order_new", "order", "order_edit", "order_check", "order_sent"}),
    ),
    Row("my_accounts", _("My API accounts"), "key-round", also=frozenset({"account", "collect"})),
    Row("getting_started", _("Getting started"), "code-xml", also=frozenset({"account_start", "account_test"})),
    Row("documentation", _("Documentation"), "book-open", also=frozenset({"documentation_of"})),
)

STAFF_GROUPS: tuple[tuple[str | _StrPromise, tuple[Row, ...]], ...] = (
    (
        _("Orders"),
        (
            Row("worklist", _("Worklist"), "inbox", frozenset({Role.SUPPORT}), frozenset({"staff_order"})),
            Row(
                "approvals",
                _("Approvals"),
                "stamp",
                frozenset({Role.SERVICE_RESPONSIBLE}),
                frozenset({"approval", "deputies", "deputy", "deputy_end"}),
            ),
            Row(
                "cegal_queue",
                _("Cegal setup"),
                "wrench",
                frozenset({Role.CEGAL}),
                frozenset({"cegal_order", "cegal_task"}),
            ),
        ),
    ),
    (
        _("Accounts"),
        (
            Row(
                "staff_accounts",
                _("API accounts"),
                "key-round",
                frozenset({Role.SUPPORT, Role.SERVICE_RESPONSIBLE, Role.ADMINISTRATOR}),
                frozenset({"staff_account", "account_new_secret", "account_use", "staff_secrets"}),
            ),
            Row(
                "staff_tasks",
                _("Tasks"),
                "list-checks",
                frozenset({Role.SUPPORT, Role.SERVICE_RESPONSIBLE, Role.ADMINISTRATOR}),
                frozenset({"staff_task"}),
            ),
            Row(
                "inactivity",
                _("Inactivity"),
                "timer",
                frozenset({Role.SUPPORT, Role.SERVICE_RESPONSIBLE, Role.ADMINISTRATOR}),
                frozenset({"suspension_list", "holds", "inactivity_ahead", "inactivity_check"}),
            ),
            Row(
                "feeds",
                _("Usage feeds"),
                "activity",
                frozenset({Role.SUPPORT, Role.SERVICE_RESPONSIBLE, Role.ADMINISTRATOR}),
                frozenset({"feed_gap"}),
            ),
            Row(
                "providers",
                _("Providers"),
                "plug-zap",
                frozenset({Role.SUPPORT, Role.ADMINISTRATOR}),
                frozenset({"provider_open_again"}),
            ),
        ),
    ),
    (
        _("Administration"),
        (
            Row(
                "people",
                _("People and roles"),
                "users",
                frozenset({Role.ADMINISTRATOR}),
                frozenset(
                    {
                        "person",
                        "person_invite",
                        "person_roles",
                        "person_deactivate",
                        "person_reactivate",
                        "person_second_factor",
                    }
                ),
            ),
            Row(
                "environments",
                _("Environments"),
                "server",
                frozenset({Role.ADMINISTRATOR}),
                frozenset(
                    {
                        "environment",
                        "environment_add",
                        "environment_retire",
                        "environment_restore",
                        "environment_provider",
                        "environment_documentation",
                        "documentation_version",
                        "documentation_take_away",
                    }
                ),
            ),
            Row(
                "policy",
                _("Policy and targets"),
                "sliders-horizontal",
                frozenset({Role.ADMINISTRATOR}),
                frozenset({"policy_change"}),
            ),
            Row(
                "return_reasons",
                _("Return reasons"),
                "message-square-reply",
                frozenset({Role.ADMINISTRATOR}),
                frozenset({"return_reason", "return_reason_add"}),
            ),
        ),
    ),
    (
        _("Oversight"),
        (
            Row("audit", _("Audit trail"), "scroll-text", OVERSEERS, frozenset({"audit_verify"})),
            Row("reports", _("Reports"), "chart-column", OVERSEERS),
            Row(
                "messages",
                _("Messages"),
                "mail",
                frozenset({Role.SUPPORT, Role.ADMINISTRATOR}),
                frozenset({"message", "mails", "mail_sample"}),
            ),
            Row(
                "imports",
                _("Imports"),
                "database",
                frozenset({Role.SUPPORT, Role.ADMINISTRATOR}),
                frozenset({"import", "import_new"}),
            ),
            Row("job_runs", _("Job runs"), "repeat", frozenset({Role.SUPPORT, Role.ADMINISTRATOR})),
            Row(
                "tokens",
                _("API tokens"),
                "fingerprint",
                frozenset({Role.ADMINISTRATOR}),
                frozenset({"token_new", "token_revoke", "portal_api"}),
            ),
            Row(
                "webhooks",
                _("Webhooks"),
                "plug-zap",
                frozenset({Role.ADMINISTRATOR}),
                frozenset({"webhook", "webhook_new", "webhook_switch", "webhook_replay"}),
            ),
            Row("mailbox", _("Sent mails"), "mailbox", frozenset({Role.SUPPORT, Role.ADMINISTRATOR})),
        ),
    ),
)


def roles_of(request: HttpRequest | None) -> frozenset[Role]:
    """The roles of whoever looks at the page, also as somebody's deputy; nothing for a stranger.

    They are asked for once a request: the view has mostly done so before.
    """
    user = getattr(request, "user", None)
    if request is None or not isinstance(user, Person):
        return frozenset()
    kept: Actor | None = getattr(request, "_actor", None)
    if kept is None:
        kept = request._actor = people.actor_of(user, today=timezone.localdate())  # type: ignore[attr-defined]
    return kept.roles


def is_staff(request: HttpRequest | None) -> bool:
    """Does this person hold any role that brings work, so that the staff layout is theirs?"""
    return not roles_of(request).isdisjoint(STAFF)


def groups_for(request: HttpRequest | None, counts: Mapping[str, int] | None = None) -> list[Group]:
    """The navigation of one person: staff see their work by group, then their own orders; others only these.

    ``counts`` says how much waits behind a page, by URL name.
    """
    held, page = roles_of(request), _page(request)
    groups = [
        Group(
            str(label),
            [_item(row, page, counts) for row in rows if row.roles & held and url_or_none(row.page)],
        )
        for label, rows in STAFF_GROUPS
    ]
    taken = any(item.current for group in groups for item in group.items)
    own = [_item(row, "" if taken else page, counts) for row in OWN if url_or_none(row.page)]
    return [group for group in [*groups, Group(str(_("My own")) if held else "", own)] if group.items]


def url_or_none(name: str, *args: Any, **kwargs: Any) -> str | None:
    """The address of a page, or None where this installation has no such page."""
    try:
        return reverse(name, args=args, kwargs=kwargs)
    except NoReverseMatch:
        return None


def _page(request: HttpRequest | None) -> str:
    match = getattr(request, "resolver_match", None)
    return (match.url_name or "") if match else ""


def _item(row: Row, page: str, counts: Mapping[str, int] | None) -> Item:
    return Item(
        label=str(row.label),
        url=url_or_none(row.page) or "",
        icon=row.icon,
        current=bool(page) and (page == row.page or page in row.also),
        count=(counts or {}).get(row.page),
    )
