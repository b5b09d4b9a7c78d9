"""Who makes the clients of an environment: chosen by an administrator, with how to reach it; tried without a change."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings as conf
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts import outbox
from accounts.actions import engine, settings
from accounts.actions.engine import Change
from accounts.gateways import graph
from accounts.gateways.entra import GRAPH_URL, Access, Entra
from accounts.gateways.provider import Outcome, People, Provider, Verdict
from accounts.gateways.provider_webhook import Access as WebhookAccess
from accounts.gateways.provider_webhook import ByWebhook, is_shared_secret
from accounts.gateways.webhook import url_problem
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import NotReady
from accounts.lifecycle.sentence import Sentence
from accounts.lifecycle.sentence import Sentence as _
from accounts.models import Connector, Environment, Event, Finding, Operation, OperationState, ProviderKind
from accounts.models.encrypted import SealError, seal, unseal

SECRET_DAYS = (7, 730)
CALLBACK = "/api/v1/provider/{environment}/callback"
SHOWN = ("kind", "tenant", "client_id", "token_url", "graph_url", "url", "secret_days")
NOTHING = {
    "kind": ProviderKind.PEOPLE.value, "tenant": "", "client_id": "", "token_url": "", "graph_url": "", "url": "",
    "secret_days": None,
}  # fmt: skip
"""What is said of an environment whose clients people make."""


@dataclass(frozen=True)
class Details:
    """What an administrator says about the provider. An empty ``secret`` leaves the one that is stored.

    ``token_url`` and ``graph_url`` follow from the tenant unless they are given (a national cloud, say).
    """

    kind: ProviderKind
    tenant: str = ""
    client_id: str = ""
    url: str = ""
    secret: str = field(default="", repr=False)
    secret_days: int = 365
    token_url: str = ""
    graph_url: str = ""


def choose(
    environment: Environment, details: Details, *, by: Actor, now: datetime, seen: int | None = None
) -> Event | None:
    """Let the clients of ``environment`` be made by ``details.kind``; what it failed at is asked again.

    With ``people`` the settings and their secret are deleted. Gives None when nothing differs. Raises NotReady for
    what cannot be, NotAllowed for anybody but an administrator, LostRace when somebody changed it since.
    """
    settings.must_be_administrator(by)
    settings.must_be_as_seen(environment, seen)
    before = Connector.objects.filter(environment=environment).first()
    after = None if details.kind is ProviderKind.PEOPLE else _checked(environment, details, before, now)
    changed = _differences(before, after, new_secret=bool(details.secret.strip()) and after is not None)
    if not changed:
        return None
    change = Change(
        columns={"provider": details.kind.value},
        data=lambda _environment: {"changed": changed},
        also=lambda _changes: _replace(environment, before, after, now),
    )
    return settings.record_one(environment, "choose_provider", by=by, now=now, change=change)


def try_out(environment: Environment, *, by: Actor, clock: Callable[[], datetime]) -> Outcome:
    """Ask the provider for nothing, to see whether it answers; what it said is kept. Administrators alone."""
    settings.must_be_administrator(by)
    connector = Connector.objects.select_related("environment").filter(environment=environment).first()
    outcome = adapter(connector, clock=clock).try_out() if connector else People().try_out()
    if connector is not None:
        well, now = outcome.verdict is Verdict.DONE, clock()
        said = Sentence(outcome.sentence, **outcome.params).plain()
        with transaction.atomic():
            Connector.objects.filter(pk=connector.pk).update(tried_at=now, tried_well=well, tried_sentence=said)
            engine.note(environment, "try_provider", by=by, now=now, change=Change(data=lambda _one: {"well": well}))
    return outcome


def adapter(connector: Connector, *, clock: Callable[[], datetime]) -> Provider:
    """The adapter that a connector's settings describe. Raises SealError when the key of its secret is gone."""
    private, secret = connector.environment.private_addresses_allowed, secret_of(connector)
    if connector.kind == ProviderKind.ENTRA.value:
        access = Access(connector.token_url, connector.client_id, secret, connector.graph_url, private)
        return Entra(access)
    callback = callback_url(connector.environment)
    return ByWebhook(WebhookAccess(connector.url, secret, callback, connector.environment.name, private), clock=clock)


def callback_url(environment: Environment) -> str:
    """Where a provider by webhook sends its answers."""
    return conf.PORTAL_URL + CALLBACK.format(environment=environment.pk)


def secret_of(connector: Connector) -> str:
    """The connector's secret in clear, for the moment it is needed. Raises SealError when its key is gone."""
    return unseal(connector.sealed_secret, context=connector.pk.bytes, keys=conf.CREDENTIAL_KEYS)


def _checked(environment: Environment, details: Details, before: Connector | None, now: datetime) -> Connector:
    """The row that ``details`` describe, not saved yet."""
    least, most = SECRET_DAYS
    if not least <= details.secret_days <= most:
        raise NotReady(_("A secret lives between %(least)s and %(most)s days.", least=least, most=most))
    said = _of_entra(environment, details) if details.kind is ProviderKind.ENTRA else _of_webhook(environment, details)
    row = Connector(
        id=uuid.uuid4(), environment=environment, kind=details.kind.value, changed_at=now,
        secret_days=details.secret_days, **said,
    )  # fmt: skip
    secret = details.secret.strip() or _kept(before, row)
    if not secret:
        raise NotReady(_("Enter the secret. One that is stored is kept for its own address alone."))
    row.sealed_secret = seal(secret, context=row.pk.bytes, keys=conf.CREDENTIAL_KEYS)
    return row


def _kept(before: Connector | None, row: Connector) -> str:
    """The secret that is stored, as long as it goes nowhere else; "" when there is none, or its key is gone."""
    if before is None or (before.kind, before.token_url, before.url) != (row.kind, row.token_url, row.url):
        return ""
    try:
        return secret_of(before)
    except SealError:
        return ""


def _of_entra(environment: Environment, details: Details) -> dict[str, str]:
    if not details.client_id.strip():
        raise NotReady(_("Enter the client id of the portal’s own application."))
    if not graph.is_tenant(details.tenant.strip()):
        raise NotReady(_("Name the tenant by its id or its domain, such as contoso.onmicrosoft.com."))
    tenant = details.tenant.strip()
    urls = {
        "token_url": details.token_url.strip() or graph.token_url(tenant),
        "graph_url": details.graph_url.strip() or GRAPH_URL,
    }
    for url in urls.values():
        _check_address(environment, url)
    return {"tenant": tenant, "client_id": details.client_id.strip(), **urls}


def _of_webhook(environment: Environment, details: Details) -> dict[str, str]:
    _check_address(environment, details.url.strip())
    if details.secret.strip() and not is_shared_secret(details.secret.strip()):
        raise NotReady(_("The secret must be one of the specification: whsec_ and the base64 of 24 to 64 bytes."))
    return {"url": details.url.strip()}


def _check_address(environment: Environment, url: str) -> None:
    if problem := url_problem(url, allow_private=environment.private_addresses_allowed):
        raise NotReady(_("%(why)s", why=problem))
    try:
        Connector._meta.get_field("url").run_validators(url)
    except ValidationError as error:
        raise NotReady(_("This is no address: %(why)s", why=" ".join(error.messages))) from None


def _differences(before: Connector | None, after: Connector | None, *, new_secret: bool) -> dict[str, list[Any]]:
    """Each column as [before, after]; of the secret only that there is a new one."""
    old, new = _said(before), _said(after)
    changed = {name: [old[name], new[name]] for name in SHOWN if old[name] != new[name]}
    return changed | ({"secret": ["•••", "••• (new)"]} if new_secret else {})


def _said(connector: Connector | None) -> Mapping[str, Any]:
    return NOTHING if connector is None else {name: getattr(connector, name) for name in SHOWN}


def _replace(environment: Environment, before: Connector | None, after: Connector | None, now: datetime) -> None:
    """The new row takes the place of the old one; what failed is asked again, findings of before are void."""
    if before is not None:
        Connector.objects.filter(pk=before.pk).delete()
    Finding.objects.filter(environment=environment).delete()
    if after is not None:
        after.save(force_insert=True)
    failed = Operation.objects.filter(environment=environment, state=OperationState.FAILED.value)
    failed.update(
        state=OperationState.WAITING.value, begun_at=now, due_at=now, attempts=0, ended_at=None,
        claim=None, claimed_until=None,
    )  # fmt: skip
    outbox.wake(outbox.OPERATE)
