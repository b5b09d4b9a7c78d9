"""An account that was suspended although it was in use, on the pages of staff and of its owner."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse

from accounts.actions import suspended_in_use
from accounts.actions.feeds import feed_of
from accounts.models import Account, FeedKind, Task
from tests.actions.checking import AFTER, ANSWER_BY, at, check, due
from tests.actions.test_reactivation import asked
from tests.story import Story
from tests.web.visitors import browser_of

pytestmark = pytest.mark.django_db
SAID = "It was used on 23 December 2026, as came in only after its suspension on 24 December 2026 (Usage files)."


@pytest.fixture
def account(story: Story) -> Account:
    """Suspended for inactivity on 24 December; on the same day a file shows that it was used the day before."""
    story.covered(AFTER - timedelta(days=900), date(2027, 12, 31))
    account = due(story, "silent", day=AFTER)
    contact = {"system": "SAP", "technical_name": "Tor", "technical_email": "tor@nordsjo.example"}
    Account.objects.filter(pk=account.pk).update(**contact)
    check(AFTER)
    story.now = at(AFTER, 12)
    feed = feed_of(story.test, FeedKind.FILE, "file", now=story.now)
    suspended_in_use.look(feed, [suspended_in_use.UsedBefore("silent", ANSWER_BY, AFTER)], now=story.now)
    return Account.objects.get(pk=account.pk)


@pytest.fixture(autouse=True)
def the_day_after() -> Iterator[None]:
    """The pages read the machine's clock."""
    with time_machine.travel(at(AFTER + timedelta(days=1))):
        yield


def page(story: Story, who: str, name: str, *args: object) -> str:
    response = browser_of(getattr(story, who)).get(reverse(name, args=args))
    assert response.status_code == 200
    return str(response.content.decode())


def test_staff_read_what_happened_and_what_to_do(story: Story, account: Account) -> None:
    said = page(story, "support", "staff_account", account.pk)
    assert SAID in said
    assert "Ask Ingrid Solheim to order the reactivation" in said
    assert "Sent by 23 March 2027, the order needs no new approval." in said
    assert reverse("account", args=[account.pk]) in said
    assert "saw that the account was in use on 23 December 2026, before its suspension (Usage files)" in said


def test_an_order_that_was_sent_is_where_it_goes_on(story: Story, account: Account) -> None:
    order = asked(story, account)
    assert "Ask Ingrid Solheim" in page(story, "support", "staff_account", account.pk), "a draft was not sent"
    story.do(order, "submit", "ingrid")
    said = page(story, "support", "staff_account", account.pk)
    assert f"Order {order.reference} asks to reactivate it." in said
    assert reverse("staff_order", args=[order.reference]) in said
    assert "Ask Ingrid Solheim" not in said


def test_the_task_is_in_the_list_with_what_to_do(story: Story, account: Account) -> None:
    said = page(story, "support", "staff_tasks")
    assert "Suspended although it was in use" in said
    assert "Ask the owner to order the reactivation" in said
    task = Task.objects.get(kind="suspended_in_use")
    closing = {"comment": "Settled by phone."}
    browser_of(story.support).post(reverse("staff_task", args=[task.pk]), closing)
    assert SAID not in page(story, "support", "staff_account", account.pk)


def test_the_owner_reads_it_beside_the_button(story: Story, account: Account) -> None:
    said = page(story, "ingrid", "account", account.pk)
    assert "It was suspended by mistake" in said
    assert "Order the reactivation" in said
    assert "Support looks into the suspension" in said


def test_nothing_of_it_on_the_page_of_another_account(story: Story, account: Account) -> None:
    other = story.account_in("suspended", client_id="other")
    assert "although it was in use" not in page(story, "support", "staff_account", other.pk)
    assert "by mistake" not in page(story, "ingrid", "account", other.pk)
