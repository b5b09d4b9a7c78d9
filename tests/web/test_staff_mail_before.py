"""The page before the last button shows the very mail that the decision will send, and looking writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.urls import reverse

from accounts.delivery import deliver_due
from accounts.models import Event, Message, Order
from tests.story import NOW, Story
from tests.web.staff_pages import browser, decide, hidden_fields


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


CASES: list[Any] = [
    ("support", "support", "return", {"comment": "Two <b>things</b>.", "comment_purpose": "Which project?"}),
    ("support", "support", "return", {"comment_owner_email": "Private.", "answer_by": "2026-12-24"}),
    ("support", "support", "reject", {"comment": "Not a customer & never was."}),
    ("approval", "responsible", "reject", {"comment": "Not now."}),
    ("approval", "responsible", "approve", {"comment": "Fine."}),
]


@pytest.mark.parametrize("language", ["en", "nb"])
@pytest.mark.parametrize(("state", "who", "verb", "said"), CASES)
def test_it_is_the_mail_that_is_sent(
    story: Story, state: str, who: str, verb: str, said: dict[str, str], language: str
) -> None:
    story.ingrid.language = language
    story.ingrid.save(update_fields=["language"])
    order = story.order_in(state)
    Message.objects.all().delete()
    client = browser(story, who)
    answer = decide(client, order, verb, **said)
    assert answer.status_code == 200
    (shown,) = answer.context["mails"]
    assert shown.language == language
    fields = hidden_fields(answer.content.decode())
    drawn = client.post(reverse("staff_order_mail", args=[order.reference, verb, 0]), fields)
    assert Message.objects.count() == 0
    client.post(reverse("order_verb", args=[order.reference, verb]), fields)
    deliver_due(now=NOW)
    (sent,) = [sent for sent in mail.outbox if "ingrid@nordsjo.example" in sent.to[0]]
    assert (shown.subject, shown.text) == (sent.subject, sent.body)
    assert drawn.content.decode() == sent.alternatives[0][0]  # type: ignore[attr-defined]  # it has an HTML part


def test_looking_writes_nothing_and_draws_the_mail_shut_in(story: Story) -> None:
    order = story.order_in("support")
    client = browser(story, "support")
    before = (Event.objects.count(), Message.objects.count())
    page = decide(client, order, "reject", comment="Not a customer.")
    url = reverse("staff_order_mail", args=[order.reference, "reject", 0])
    answer = client.post(url, hidden_fields(page.content.decode()))
    assert "Not a customer." in answer.content.decode()
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert (Event.objects.count(), Message.objects.count()) == before
    assert Order.objects.get(pk=order.pk).state == "support"


@pytest.mark.parametrize(
    ("verb", "number", "said"), [("reject", 0, {}), ("reject", 7, {"comment": "No."}), ("issue_credentials", 0, {}),
                                 ("nonsense", 0, {}), ("send_for_approval", 0, {})],
)  # fmt: skip
def test_what_makes_no_mail_is_404(story: Story, verb: str, number: int, said: dict[str, str]) -> None:
    order = story.order_in("support")
    url = reverse("staff_order_mail", args=[order.reference, verb, number])
    assert browser(story, "support").post(url, said).status_code == 404


def test_it_is_for_those_who_may_decide(story: Story) -> None:
    order = story.order_in("support")
    url = reverse("staff_order_mail", args=[order.reference, "reject", 0])
    for who in ("responsible", "administrator", "cegal", "ingrid"):
        assert browser(story, who).post(url, {"comment": "No."}).status_code == 403
    assert browser(story, "support").get(url).status_code == 405


def test_mails_to_colleagues_are_counted_and_open_items_named(story: Story) -> None:
    text = decide(browser(story, "support"), story.order_in("support"), "send_for_approval").content.decode()
    assert "Order to approve (1 person)" in text
    assert "5 items of the checklist are not checked" in text
