"""Messages and internal notes on the order's page, the alert to an order sent again, and who was first."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.core.management import call_command
from django.urls import reverse

from accounts.actions import ordering
from accounts.delivery import deliver_due
from accounts.models import Event, Message, Order
from tests.story import NOW, Story
from tests.web.staff_pages import browser, decide, hidden_fields, queries, read, words

CANARY = "canary-7f3a"


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def page(order: Order) -> str:
    return reverse("staff_order", args=[order.reference])


def write(story: Story, order: Order, what: str, text: str, who: str = "support"):  # type: ignore[no-untyped-def]
    url = reverse(f"staff_order_{what}", args=[order.reference])
    return browser(story, who).post(url, {f"{what}-comment": text})


def test_a_message_reaches_the_requester_and_stands_in_the_history(story: Story) -> None:
    order = story.order_in("support")
    answer = write(story, order, "message", "Is the project number right?")
    assert (answer.status_code, answer["Location"]) == (302, page(order) + "#conversation")
    assert Message.objects.get(kind="message_to_requester").to_email == "ingrid@nordsjo.example"
    for who, url in (("support", page(order)), ("ingrid", reverse("order", args=[order.reference]))):
        assert "Is the project number right?" in read(browser(story, who), url)


def test_a_note_is_marked_with_a_lock_and_tells_nobody(story: Story) -> None:
    order = story.order_in("support")
    before = Message.objects.count()
    assert write(story, order, "note", "They called yesterday.", who="responsible").status_code == 302
    text = read(browser(story, "support"), page(order))
    assert "Henrik Aasen wrote an internal note" in words(text)
    assert "Internal: the requester does not see this They called yesterday." in words(text)
    entry = text[: text.index("They called yesterday.")].rsplit("<li>", 1)[1]
    assert "i-lock" in entry
    assert Message.objects.count() == before


@pytest.mark.parametrize("what", ["message", "note"])
def test_an_empty_text_is_asked_for_and_a_long_one_kept(story: Story, what: str) -> None:
    order = story.order_in("support")
    empty = write(story, order, what, "  ")
    assert empty.status_code == 422
    assert f'href="#id_{what}-comment"' in empty.content.decode()
    long = write(story, order, what, "x" * 2001)
    assert long.status_code == 422
    assert "x" * 2001 in long.content.decode()
    assert f'action="{page(order)}"' in long.content.decode(), "the decision panel does not post to the note's address"
    assert not Event.objects.filter(verb__in=["message", "internal_note"]).exists()


def test_who_may_write_what(story: Story) -> None:
    order = story.order_in("support")
    for who in ("responsible", "administrator", "cegal", "ingrid"):
        assert write(story, order, "message", "Hello.", who).status_code == 403
    for who in ("administrator", "cegal", "ingrid"):
        assert write(story, order, "note", "Hello.", who).status_code == 403
    offered = read(browser(story, "administrator"), page(order))
    assert "Write to the requester" not in offered
    assert "Write an internal note" not in offered
    assert Event.objects.filter(verb__in=["message", "internal_note"]).count() == 0


def test_an_internal_note_is_nowhere_that_requester_or_cegal_can_reach(story: Story) -> None:
    """Pages, mails, and the commands' exports: with a note written in every state of the order's life."""
    order = story.draft(environments=("TEST", "PRODUCTION"), technical_email="tor@nordsjo.example")
    for verb, who in (
        ("submit", "ingrid"), ("return", "support"), ("resubmit", "ingrid"), ("send_for_approval", "support"),
        ("approve", "responsible"), ("send_to_cegal", "support"), ("hand_back", "cegal"), ("send_to_cegal", "support"),
        ("complete_setup", "cegal"), ("issue_credentials", "support"),
    ):  # fmt: skip
        order = Order.objects.get(pk=order.pk)
        said = {"comment": "For all to read."} if verb in ("return", "hand_back") else {}
        story.do(order, verb, who, **{**story.data_for(order, verb), **said})
        assert write(story, order, "note", f"{CANARY} after {verb}").status_code == 302
        assert CANARY not in _all_they_can_open(story, order), verb
    assert Event.objects.filter(verb="internal_note").count() == 10
    deliver_due(now=NOW)
    assert mail.outbox
    assert CANARY not in "".join(sent.message().as_string() for sent in mail.outbox)
    out = io.StringIO()
    call_command("export_accounts", "--format", "csv", stdout=out)
    assert "client-test" in out.getvalue()
    assert CANARY not in out.getvalue()


def _all_they_can_open(story: Story, order: Order) -> str:
    accounts = list(order.accounts.all())
    ingrid = [reverse("my_orders"), reverse("order", args=[order.reference]), reverse("my_accounts")]
    ingrid += [reverse("account", args=[account.pk]) for account in accounts]
    if order.state == "returned":
        ingrid += [reverse("order_edit", args=[order.reference]), reverse("order_check", args=[order.reference])]
    cegal = [reverse("cegal_queue"), reverse("cegal_queue") + "?state=done"]
    if order.sent_to_cegal_at:
        cegal.append(reverse("cegal_order", args=[order.reference]))
    pages = [browser(story, who).get(url) for who, urls in (("ingrid", ingrid), ("cegal", cegal)) for url in urls]
    assert all(answer.status_code == 200 for answer in pages), [answer.status_code for answer in pages]
    return "".join(answer.content.decode() for answer in pages)


def test_a_note_does_not_outdate_what_the_requester_and_cegal_do(story: Story) -> None:
    order = story.order_in("cegal_setup")
    seen = order.version
    write(story, order, "note", CANARY)
    url = reverse("order_verb", args=[order.reference, "hand_back"])
    answer = browser(story, "cegal").post(url, {"version": seen, "comment": "The address bounces."})
    assert answer.status_code == 302
    assert Order.objects.get(pk=order.pk).state == "approved"


# --- sent again


def sent_again(story: Story, **answers: object) -> Order:
    order = story.order_in("returned")
    ordering.save_answers(order, dict(answers), by=story.actor("ingrid"), now=NOW)
    story.do(order, "resubmit", "ingrid", comment="I added the pumps.")
    return order


def test_an_order_sent_again_says_so_until_it_is_decided_on(story: Story) -> None:
    order = sent_again(story, purpose="We send pumps to Loop every night, for project Ekko.", as_broker=True)
    text = words(read(browser(story, "support"), page(order)))
    assert "Sent again by Ingrid Solheim 2 answers changed, just now : Role in Loop, Purpose I added the pumps." in text
    read(browser(story, "support"), page(order))
    assert "Sent again by" in read(browser(story, "colleague"), page(order)), "opening the page writes nothing"
    story.do(order, "send_for_approval", "support")
    assert "Sent again by" not in read(browser(story, "support"), page(order))


def test_an_order_sent_again_unchanged_says_that_too(story: Story) -> None:
    text = words(read(browser(story, "support"), page(sent_again(story))))
    assert "Sent again by Ingrid Solheim No answer changed, just now . I added the pumps." in text


def test_a_withdrawn_order_begins_anew(story: Story) -> None:
    order = sent_again(story, system="Maximo")
    for verb in ("withdraw", "reopen", "submit"):
        story.do(order, verb, "ingrid")
    assert "Sent again by" not in read(browser(story, "support"), page(order))


# --- somebody was first


def test_everything_since_is_told_with_relative_times_and_the_text_is_kept(story: Story) -> None:
    order = story.order_in("support")
    late, seen = browser(story, "colleague"), order.version
    story.do(order, "send_for_approval", "support")
    story.now = NOW + timedelta(minutes=1)
    story.do(order, "approve", "responsible")
    stale = Order.objects.get(pk=order.pk)
    stale.version = seen
    with time_machine.travel(NOW + timedelta(minutes=3), tick=False):
        answer = decide(late, stale, "reject", comment="Not a customer of ours.")
    text = words(answer.content.decode())
    assert answer.status_code == 409
    assert "Henrik Aasen approved the order 2 minutes ago" in text
    assert "Marte Lunde sent the order for approval 3 minutes ago" in text
    assert "not possible any more. This is what you had written: Not a customer of ours." in text


def test_the_last_button_too_leads_back_to_the_page_with_everything_typed(story: Story) -> None:
    order = story.order_in("support")
    late = browser(story, "colleague")
    asked = decide(late, order, "return", comment="Two things.", comment_purpose="Which project?")
    write(story, order, "message", "A moment, please.")
    url = reverse("order_verb", args=[order.reference, "return"])
    answer = late.post(url, hidden_fields(asked.content.decode()))
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Marte Lunde wrote a message" in words(text)
    assert "Which project?</textarea>" in text
    assert "Two things.</textarea>" in text
    assert 'value="return" checked' in text
    again = late.post(page(order), {"verb": "return", "version": Order.objects.get(pk=order.pk).version,
                                    "return-comment": "Two things."})  # fmt: skip
    assert again.status_code == 200


def test_the_queries_do_not_grow_with_the_conversation(story: Story) -> None:
    order = story.order_in("support")
    client = browser(story, "support")
    write(story, order, "note", "One.")
    few = queries(client, page(order))
    for number in range(12):
        write(story, order, "note", f"Note {number}.")
        write(story, order, "message", f"Message {number}.")
    assert queries(client, page(order)) == few
