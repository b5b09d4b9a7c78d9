"""Feeds: made by their first delivery, or set up by an administrator where the portal fetches usage itself."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.gateways import graph
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import NotAllowed, NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import Role
from accounts.models import Environment, Feed, FeedKind
from accounts.models.encrypted import seal, unseal

MANUAL = "manual"  # the name of the feed that Support's own entries come from


def feed_of(environment: Environment, kind: FeedKind, name: str, *, now: datetime) -> Feed:
    """The feed called ``name`` of ``environment``; its first delivery makes it."""
    fresh = {"kind": kind.value, "created_at": now}
    feed, _made = Feed.objects.get_or_create(environment=environment, name=name[:100], defaults=fresh)
    feed.environment = environment
    return feed


def set_graph_feed(
    environment: Environment,
    *,
    tenant: str,
    client_id: str,
    secret: str,
    states_coverage: bool,
    by: Actor,
    now: datetime,
    name: str = "Microsoft Graph",
    token_url: str = "",
    report_url: str = "",
) -> Feed:
    """Let the portal fetch last sign-ins of ``environment`` from Microsoft Graph, as the application ``client_id``.

    ``states_coverage`` says that every client of the environment signs in at that ``tenant``, so that a complete
    report also says who was silent. Both addresses follow from the tenant unless they are given. Called again for
    the same name it changes the feed, and starts it if it was stopped. Raises NotReady for what cannot be,
    NotAllowed for anybody but an administrator.
    """
    _check_administrator(by)
    if not client_id.strip() or not secret.strip():
        raise NotReady(_("Name the application’s client id and its client secret."))
    if not token_url and not graph.is_tenant(tenant):
        raise NotReady(_("Name the tenant by its id or its domain, such as contoso.onmicrosoft.com."))
    with transaction.atomic():
        found = Feed.objects.select_for_update().filter(environment=environment, name=name).first()
        feed = found or Feed(id=uuid.uuid4(), environment=environment, name=name, created_at=now)
        if found is not None and found.kind != FeedKind.GRAPH.value:
            raise NotReady(_("There is another feed called “%(name)s”. Choose another name.", name=name))
        feed.kind, feed.client_id, feed.states_coverage = FeedKind.GRAPH.value, client_id.strip(), states_coverage
        feed.token_url = token_url or graph.token_url(tenant)
        feed.report_url = report_url or graph.REPORT_URL
        feed.sealed_secret = seal(secret.strip(), context=feed.pk.bytes, keys=settings.CREDENTIAL_KEYS)
        feed.stopped_at, feed.problem, feed.problem_at = None, "", None
        _save(feed)
    return feed


def stop_graph_feed(feed: Feed, *, by: Actor, now: datetime) -> None:
    """Pull nothing from ``feed`` any more; what it said stays. Raises NotAllowed for anybody but an administrator."""
    _check_administrator(by)
    Feed.objects.filter(pk=feed.pk, stopped_at__isnull=True).update(stopped_at=now)


def secret_of(feed: Feed) -> str:
    """The client secret of a feed in clear, for the moment it is needed. Raises SealError when its key is gone."""
    return unseal(feed.sealed_secret, context=feed.pk.bytes, keys=settings.CREDENTIAL_KEYS)


def _save(feed: Feed) -> None:
    try:
        feed.clean_fields(exclude={field.name for field in Feed._meta.fields} - {"name", "token_url", "report_url"})
    except ValidationError as error:
        raise NotReady(_("This is no address: %(why)s", why=" ".join(error.messages))) from None
    feed.save()


def _check_administrator(by: Actor) -> None:
    if not by.holds(Role.ADMINISTRATOR, Role.SYSTEM):
        raise NotAllowed(_("Only an administrator can do this."))
