"""Environments whose clients a program makes: a fake directory or a vendor's system behind the real adapters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.actions import connectors, operations
from accounts.actions.connectors import Details
from accounts.gateways.client import GuardedClient
from accounts.gateways.entra import Entra
from accounts.gateways.provider import Provider
from accounts.gateways.provider_webhook import ByWebhook
from accounts.models import Connector, Environment, Operation, ProviderKind
from tests.gateways import vendor
from tests.gateways.fake_graph import SECRET, FakeGraph
from tests.gateways.vendor import Vendor
from tests.story import Story


@dataclass
class Connected:
    """A story with connectors; ``work`` is one round of a worker at ``now``."""

    story: Story
    client: GuardedClient
    now: datetime
    counts: list[dict[str, int]] = field(default_factory=list)

    def by_entra(self, environment: Environment, graph: FakeGraph) -> Connector:
        urls = {"token_url": f"{graph.origin}/token", "graph_url": graph.origin}
        said = Details(ProviderKind.ENTRA, tenant="contoso.onmicrosoft.com", client_id="portal", secret=SECRET, **urls)
        return self._chosen(environment, said)

    def by_webhook(self, environment: Environment, other: Vendor) -> Connector:
        return self._chosen(environment, Details(ProviderKind.WEBHOOK, url=other.url, secret=vendor.SECRET))

    def _chosen(self, environment: Environment, details: Details) -> Connector:
        environment.private_addresses_allowed = True
        environment.save()
        connectors.choose(environment, details, by=self.story.actor("administrator"), now=self.story.now)
        return Connector.objects.select_related("environment").get(environment=environment)

    def adapter(self, connector: Connector) -> Provider:
        made: Any = connectors.adapter(connector, clock=lambda: self.now)
        if connector.kind == ProviderKind.ENTRA.value:
            return Entra(made._access, client=self.client, sleep=lambda _seconds: None)
        return ByWebhook(made._access, clock=lambda: datetime.now(UTC), client=self.client)

    def work(self, **later: float) -> dict[str, int]:
        """What a worker does; ``later`` says how long after the last round."""
        self.now += timedelta(**later)
        return operations.work_due(clock=lambda: self.now, adapter_of=self.adapter)


@contextmanager
def connected(story: Story) -> Iterator[Connected]:
    """A story with connectors, whose conversations take two seconds at most."""
    with GuardedClient(allow_private=True, total_seconds=2.0) as client:
        yield Connected(story, client, story.now)


def states(**about: Any) -> list[tuple[str, str]]:
    """What became of each operation, in the order in which they were opened."""
    found = Operation.objects.filter(**about).order_by("created_at", "kind", "environment__name")
    return [(one.kind, one.state) for one in found]
