"""The pages of providers: chosen and tried by administrators, differences and failures for Support, mixed orders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import outbox
from accounts.actions import operations
from accounts.models import Connector, Finding, Order
from tests.actions.connecting import Connected, connected
from tests.gateways.fake_graph import SECRET, FakeGraph, graph_running
from tests.story import Story
from tests.web.visitors import browser_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def graph() -> Iterator[FakeGraph]:
    with graph_running() as found:
        yield found


@pytest.fixture
def on(story: Story, graph: FakeGraph) -> Iterator[Connected]:
    with connected(story) as found:
        found.by_entra(story.test, graph)
        yield found


def text(response: Any) -> str:
    return str(response.content.decode())


class TestChosen:
    FIELDS = {"kind": "entra", "tenant": "contoso.onmicrosoft.com", "client_id": "portal", "secret": SECRET,
              "secret_days": "180"}  # fmt: skip

    def test_saved_and_never_shown_back(self, story: Story) -> None:
        ada, url = browser_of(story.administrator), reverse("environment_provider", args=[story.test.pk])
        response = ada.post(url, {**self.FIELDS, "version": story.test.version})
        assert response.status_code == 302
        assert Connector.objects.get().secret_days == 180
        page = text(ada.get(url))
        assert "Microsoft Entra ID" in page
        assert SECRET not in page

    def test_a_mistake_keeps_what_was_typed_but_the_secret(self, story: Story) -> None:
        ada, url = browser_of(story.administrator), reverse("environment_provider", args=[story.test.pk])
        response = ada.post(url, {**self.FIELDS, "tenant": "no tenant", "version": story.test.version})
        assert response.status_code == 422
        assert "Name the tenant" in text(response)
        assert "portal" in text(response)
        assert SECRET not in text(response)

    def test_somebody_was_first(self, story: Story) -> None:
        ada, url = browser_of(story.administrator), reverse("environment_provider", args=[story.test.pk])
        ada.post(url, {**self.FIELDS, "version": story.test.version})
        assert ada.post(url, {**self.FIELDS, "kind": "people", "version": story.test.version}).status_code == 409

    def test_tried(self, story: Story, on: Connected) -> None:
        ada = browser_of(story.administrator)
        response = ada.post(reverse("environment_provider_try", args=[story.test.pk]), follow=True)
        assert "Microsoft Graph answered" in text(response)

    @pytest.mark.parametrize("who", ["support", "cegal", "responsible"])
    def test_administrators_alone(self, story: Story, who: str) -> None:
        browser = browser_of(getattr(story, who))
        assert browser.get(reverse("environment_provider", args=[story.test.pk])).status_code == 403
        assert browser.post(reverse("environment_provider_try", args=[story.test.pk])).status_code == 403


class TestDifferences:
    def finding(self, story: Story, client_id: str = "client-x", **said: Any) -> Finding:
        account = story.account_in("suspended", client_id=client_id)
        account.tasks.update(done_at=story.now, done_by="x")
        usual = {"environment": story.test, "kind": "enabled_there", "account": account, "found_at": story.now}
        return Finding.objects.create(client_id=client_id, **{**usual, **said})

    def test_people_alone_have_nothing_to_compare(self, story: Story) -> None:
        page = text(browser_of(story.support).get(reverse("providers")))
        assert "There is nothing to compare automatically" in page
        assert "Compare now" not in page

    def test_listed_filtered_and_as_a_file(self, story: Story, on: Connected) -> None:
        self.finding(story, "=client")
        Finding.objects.create(environment=story.test, kind="unknown_client", client_id="stranger", found_at=story.now)
        support = browser_of(story.support)
        page = text(support.get(reverse("providers")))
        assert "=client" in page
        assert "stranger" in page
        narrowed = text(support.get(reverse("providers"), {"kind": "unknown_client"}))
        assert "=client" not in narrowed
        assert "stranger" in narrowed
        assert "Nothing matches" in text(support.get(reverse("providers"), {"q": "nothing"}))
        rows = b"".join(support.get(reverse("providers_export"), {"q": "=cl"}).streaming_content).decode().splitlines()  # type: ignore[attr-defined]
        assert len(rows) == 2
        assert rows[1].startswith("'=client,TEST,Nordsjø Surplus AS,")

    def test_the_task_is_opened_after_asking(self, story: Story, on: Connected) -> None:
        finding = self.finding(story)
        support, url = browser_of(story.support), reverse("provider_open_again", args=[finding.pk])
        assert "Have the client disabled" in text(support.get(url))
        support.post(url)
        assert finding.account is not None
        assert finding.account.tasks.filter(done_at=None, kind="disable_client").exists()
        assert "A task is open" in text(support.get(reverse("providers")))

    def test_compared_when_somebody_asks(self, story: Story, on: Connected, monkeypatch: pytest.MonkeyPatch) -> None:
        woken: list[str] = []
        monkeypatch.setattr(outbox, "wake", woken.append)
        browser_of(story.support).post(reverse("providers_compare"))
        assert woken == [outbox.RECONCILE]

    def test_as_many_queries_for_many(self, story: Story, on: Connected) -> None:
        support = browser_of(story.support)
        support.get(reverse("providers"))
        numbers = []
        for number in range(2):
            for more in range(3):
                self.finding(story, f"client-{number}-{more}")
            with CaptureQueriesContext(connection) as caught:
                support.get(reverse("providers"))
            numbers.append(len(caught))
        assert numbers[0] == numbers[1]

    @pytest.mark.parametrize("who", ["cegal", "responsible", "ingrid"])
    def test_for_support_and_administrators(self, story: Story, who: str) -> None:
        assert browser_of(getattr(story, who)).get(reverse("providers")).status_code == 403


class TestFailed:
    def test_shown_where_people_work_and_tried_again(self, story: Story, graph: FakeGraph, on: Connected) -> None:
        account = story.account_in("suspended")
        on.work()  # the directory does not know it
        support, cegal = browser_of(story.support), browser_of(story.cegal)
        assert "Failed: do it by hand" in text(support.get(reverse("providers"), {"state": "failed"}))
        assert "knows no such client" in text(support.get(reverse("staff_account", args=[account.pk])))
        assert "Failed: do it by hand" in text(cegal.get(reverse("cegal_task", args=[account.tasks.get().pk])))
        again = reverse("operation_retry", args=[account.operations.get().pk])
        assert browser_of(story.ingrid).post(again).status_code == 403
        assert cegal.post(again).status_code == 302
        assert account.operations.get().state == "waiting"


class TestMixedOrders:
    def test_people_enter_only_what_is_theirs(self, story: Story, graph: FakeGraph, on: Connected) -> None:
        order = story.order_in("cegal_setup", environments=("TEST", "PRODUCTION"))
        cegal, url = browser_of(story.cegal), reverse("cegal_order", args=[order.reference])
        page = text(cegal.get(url))
        assert "Enter it only if you did it by hand" in page
        on.work()
        page = text(cegal.get(url))
        assert "client_id__TEST" not in page
        assert "Ready" in page
        fields = {"client_id__PRODUCTION": "by-hand", "client_secret__PRODUCTION": "secret-by-hand"}
        assert cegal.post(url, {**fields, "version": order.version}).status_code == 302
        assert Order.objects.get(pk=order.pk).state == "credential_issue"
        assert order.accounts.count() == 2

    def test_too_early_is_said(self, story: Story, on: Connected) -> None:
        order = story.order_in("cegal_setup", environments=("TEST", "PRODUCTION"))
        cegal, url = browser_of(story.cegal), reverse("cegal_order", args=[order.reference])
        fields = {"client_id__PRODUCTION": "by-hand", "client_secret__PRODUCTION": "secret-by-hand"}
        response = cegal.post(url, {**fields, "version": order.version})
        assert response.status_code == 409
        assert "for TEST" in text(response)
        assert "secret-by-hand" not in text(response)

    def test_staff_see_how_far_it_is(self, story: Story, on: Connected) -> None:
        order = story.order_in("cegal_setup")
        operations.open_wanted(now=on.now)
        page = text(browser_of(story.support).get(reverse("staff_order", args=[order.reference])))
        assert "What the connector does" in page
        assert "Make the client" in page
