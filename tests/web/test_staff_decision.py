"""The decision panel of an order, and the way of a decision from there to the verb."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
import time_machine
from django.urls import reverse

from accounts.lifecycle.states import Role
from accounts.models import Event, Order
from tests.story import NOW, Story
from tests.web.staff_pages import browser, decide, hidden_fields, read, words


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def page(order: Order) -> str:
    return reverse("staff_order", args=[order.reference])


def now(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


# --- the panel


@pytest.mark.parametrize(
    ("state", "who", "offered"),
    [
        ("support", "support", ["send_for_approval", "return", "reject"]),
        ("support", "responsible", []),
        ("support", "administrator", []),
        ("approval", "responsible", ["approve", "return", "reject"]),
        ("approval", "support", []),
        ("approved", "support", ["send_to_cegal"]),
        ("cegal_setup", "support", []),
        ("credential_issue", "support", ["issue_credentials"]),
        ("credential_issue", "administrator", []),
        ("issued", "support", []),
        ("rejected", "support", []),
        ("returned", "support", []),
    ],
)
def test_the_panel_offers_exactly_what_is_open(story: Story, state: str, who: str, offered: list[str]) -> None:
    text = read(browser(story, who), page(story.order_in(state)))
    shown = [part.split('"')[0] for part in text.split('type="radio" name="verb" value="')[1:]]
    assert shown == offered
    assert ("Nothing for you to do" in text) == (not offered)


def test_who_cannot_act_is_told_whose_turn_it_is(story: Story) -> None:
    support = browser(story, "support")
    assert "It is the Service Responsible’s turn." in read(support, page(story.order_in("approval")))
    assert "It is Cegal’s turn." in read(support, page(story.order_in("cegal_setup")))
    assert "It is the requester’s turn. Only they can answer or withdraw it" in read(
        support, page(story.order_in("returned"))
    )
    assert "This order is finished." in read(support, page(story.order_in("issued")))


def test_duties_are_kept_apart_and_explained(story: Story) -> None:
    both = story.person("both@loop.example", "Bo Begge", Role.SUPPORT, Role.SERVICE_RESPONSIBLE)
    story.both = both  # type: ignore[attr-defined]
    order = story.order_in("support")
    story.do(order, "send_for_approval", both)
    client = browser(story, "both")
    text = read(client, page(order))
    assert "You sent this order for approval yourself. Somebody else must approve it." in text
    assert 'value="approve" disabled' in text
    answer = decide(client, now(order), "approve")
    assert answer.status_code == 422
    done = client.post(reverse("order_verb", args=[order.reference, "approve"]), {"version": now(order).version})
    assert done.status_code == 403
    assert now(order).state == "approval"


def test_somebody_with_cegals_role_too_sets_up_on_cegals_page_only(story: Story) -> None:
    both = story.person("both@loop.example", "Bo Begge", Role.SUPPORT, Role.CEGAL)
    story.both = both  # type: ignore[attr-defined]
    order = story.order_in("cegal_setup")
    client = browser(story, "both")
    text = read(client, page(order))
    assert 'value="hand_back"' in text
    assert "complete_setup" not in text
    answer = decide(client, order, "complete_setup", client_secret__TEST="canary", client_id__TEST="x")
    assert answer.status_code == 422
    assert "canary" not in answer.content.decode()


# --- the way of a decision


def test_a_decision_is_shown_once_more_and_then_done(story: Story) -> None:
    order = story.order_in("support")
    client = browser(story, "support")
    answer = decide(client, order, "send_for_approval", comment="Known customer & more.")
    asked = answer.content.decode()
    assert answer.status_code == 200
    assert now(order).state == "support"
    assert "Known customer &amp; more." in asked
    done = client.post(reverse("order_verb", args=[order.reference, "send_for_approval"]), hidden_fields(asked))
    assert (done.status_code, done["Location"]) == (302, page(order))
    assert now(order).state == "approval"
    assert Event.objects.get(subject_id=order.pk, verb="send_for_approval").comment == "Known customer & more."
    assert "Sent for approval." in read(client, page(order))


def test_comments_on_fields_survive_the_way(story: Story) -> None:
    order = story.order_in("support")
    client = browser(story, "support")
    answer = decide(
        client, order, "return", comment="Two things.", comment_purpose="Which project?", answer_by="2026-12-24"
    )
    text = words(answer.content.decode())
    assert "Purpose Which project?" in text
    assert "Answer by 24 Dec 2026" in text
    client.post(reverse("order_verb", args=[order.reference, "return"]), hidden_fields(answer.content.decode()))
    event = Event.objects.get(subject_id=order.pk, verb="return")
    assert event.data["comments"] == [{"field": "purpose", "text": "Which project?"}]
    assert now(order).answer_by == date(2026, 12, 24)


def test_what_is_missing_is_said_at_the_field_and_nothing_is_lost(story: Story) -> None:
    order = story.order_in("support")
    client = browser(story, "support")
    answer = decide(client, order, "reject", comment="  ")
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "There is 1 problem" in text
    assert 'href="#id_reject-comment"' in text
    assert 'value="reject" checked' in text
    assert now(order).state == "support"
    typed = decide(client, order, "return", comment_purpose="Which project?", answer_by="tomorrow").content.decode()
    assert "Which project?" in typed
    assert 'name="return-on" value="purpose" checked' in typed
    assert 'name="return-on" value="system">' in typed


@pytest.mark.parametrize("verb", ["", "nonsense", "approve", "activate", "submit", "x" * 5000, "\x00"])
def test_a_choice_that_is_not_open_is_no_choice(story: Story, verb: str) -> None:
    order = story.order_in("support")
    answer = browser(story, "support").post(page(order), {"verb": verb, "version": order.version})
    assert answer.status_code == 422
    assert "Choose what should happen." in answer.content.decode()


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 5000, "٣"])
def test_a_version_that_is_no_version_counts_as_old(story: Story, version: str) -> None:
    order = story.order_in("support")
    answer = browser(story, "support").post(page(order), {"verb": "reject", "version": version})
    assert answer.status_code == 409


@pytest.mark.parametrize("version", ["x", "-1", "9" * 5000, "1e5"])
def test_a_version_that_is_no_version_decides_nothing(story: Story, version: str) -> None:
    order = story.order_in("support")
    url = reverse("order_verb", args=[order.reference, "reject"])
    answer = browser(story, "support").post(url, {"version": version, "comment": "Not a customer."})
    assert answer.status_code == 409
    assert "Not a customer." in answer.content.decode()
    assert now(order).state == "support"


def test_whoever_comes_second_is_told_who_was_first_and_keeps_what_they_typed(story: Story) -> None:
    order = story.order_in("support")
    late = browser(story, "colleague")
    story.do(now(order), "return", "support", comment="Which project?")
    story.do(now(order), "resubmit", "ingrid")
    answer = decide(late, order, "reject", comment="Not a customer of ours.")
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "This order changed while you were reading" in text
    assert "Ingrid Solheim sent the order again just now" in words(text)
    assert "Not a customer of ours." in text
    assert now(order).state == "support"
    again = decide(late, now(order), "reject", comment="Not a customer of ours.")
    assert again.status_code == 200


def test_a_second_press_of_the_last_button_changes_nothing(story: Story) -> None:
    order = story.order_in("support")
    client = browser(story, "support")
    fields = hidden_fields(decide(client, order, "send_for_approval").content.decode())
    url = reverse("order_verb", args=[order.reference, "send_for_approval"])
    assert client.post(url, fields).status_code == 302
    assert client.post(url, fields).status_code == 409
    assert Event.objects.filter(subject_id=order.pk, verb="send_for_approval").count() == 1


def test_a_long_comment_is_refused_in_words(story: Story) -> None:
    answer = decide(browser(story, "support"), story.order_in("support"), "reject", comment="x" * 2001)
    assert answer.status_code == 422
    assert "at most 2000 characters" in answer.content.decode()
