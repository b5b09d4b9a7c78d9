"""Environments of the Loop API: where their clients ask for a token, and where the API answers.

An environment is never deleted: orders, accounts and the history name it. One that is retired is not offered on new
orders; what runs in it goes on.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings as portal_settings
from django.core.exceptions import ValidationError

from accounts.actions import settings
from accounts.lifecycle.actor import Actor, ActorKind
from accounts.lifecycle.errors import NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.models import Environment, Event

NAME = re.compile(r"[A-Z][A-Z0-9-]{0,19}")
HTTPS_ONLY = ("token_url", "base_url")


@dataclass(frozen=True)
class Details:
    """What an administrator says about an environment, besides its name."""

    token_url: str
    base_url: str
    documentation_url: str = ""
    position: int = 0
    private_addresses_allowed: bool = False
    token_by_basic: bool = False
    sales_checked: bool = False


def add_environment(name: str, details: Details, *, by: Actor, now: datetime) -> Environment:
    """A new environment, offered on new orders at once.

    Raises NotReady for a name that is taken or none, or an address that will not do; NotAllowed for anybody but an
    administrator.
    """
    settings.must_be_administrator(by)
    name = name.strip().upper()
    if not NAME.fullmatch(name):
        raise NotReady(_("Write the name in capital letters, digits and hyphens, at most 20, for example TRAINING."))
    environment = Environment(name=name, **asdict(details))
    _check(environment, details, by)
    taken = _("There is an environment %(name)s already.", name=name)
    settings.add(environment, taken, by=by, now=now, data={"name": name, **asdict(details)})
    return environment


def edit_environment(
    environment: Environment, details: Details, *, by: Actor, now: datetime, seen: int | None = None
) -> Event | None:
    """Change what is said about ``environment``; the name stays, since people and the history use it.

    Raises NotReady, NotAllowed, or LostRace when it is not the version ``seen`` any more. None when nothing differs.
    """
    settings.must_be_administrator(by)
    _check(Environment(name=environment.name, **asdict(details)), details, by)
    return settings.edit(environment, asdict(details), by=by, now=now, seen=seen)


def set_active(
    environment: Environment, active: bool, *, by: Actor, now: datetime, seen: int | None = None, comment: str = ""
) -> Event | None:
    """Offer ``environment`` on new orders, or not any more (with a reason). One always stays on offer."""
    settings.must_be_administrator(by)
    if not active:
        settings.must_say_why(comment)
        if not Environment.objects.filter(active=True).exclude(pk=environment.pk).exists():
            raise NotReady(_("This is the last environment that can be ordered. Add another one first."))
    return settings.set_active(environment, active, by=by, now=now, seen=seen, comment=comment)


def set_addresses(
    environment: Environment,
    *,
    token_url: str,
    base_url: str,
    by: Actor,
    now: datetime,
    private_addresses_allowed: bool = False,
    **more: bool,
) -> Event | None:
    """Point ``environment`` at other addresses. ``private_addresses_allowed`` is for development only; ``more``
    are other switches of Details.

    Raises as ``edit_environment``.
    """
    said = {
        "token_url": token_url,
        "base_url": base_url,
        "private_addresses_allowed": private_addresses_allowed,
        **more,
    }
    details = Details(**{field.name: getattr(environment, field.name) for field in fields(Details)} | said)
    return edit_environment(environment, details, by=by, now=now)


def _check(environment: Environment, details: Details, by: Actor) -> None:
    """Addresses that are some, with TLS unless a private network may be asked: the operator's to allow."""
    allowed = portal_settings.PRIVATE_TOKEN_URLS or by.kind is ActorKind.SYSTEM
    if details.private_addresses_allowed and not allowed:
        raise NotReady(_("This portal does not allow addresses inside a private network (PRIVATE_TOKEN_URLS)."))
    try:
        environment.clean_fields()
    except ValidationError as error:
        raise NotReady(_("This is no address: %(why)s", why=" ".join(error.messages))) from None
    for column in HTTPS_ONLY:
        if urlsplit(getattr(details, column)).scheme != "https" and not details.private_addresses_allowed:
            raise NotReady(_("%(url)s must begin with https://.", url=getattr(details, column)))
