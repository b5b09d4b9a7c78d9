"""Support's checklist on the order's page: what the portal sees, who ticked what, and what must be looked at again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from accounts.actions import ordering
from accounts.models import Check, Event, Order
from tests.story import NOW, Story
from tests.web.staff_pages import browser, queries, read, words


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def page(order: Order) -> str:
    return reverse("staff_order", args=[order.reference])


def tick(story: Story, order: Order, item: str, verb: str = "check", who: str = "support", **fields: str):  # type: ignore[no-untyped-def]
    url = reverse("staff_order_check", args=[order.reference, item])
    version = Order.objects.get(pk=order.pk).version
    return browser(story, who).post(url, {"verb": verb, "version": version, **fields})


def shown(story: Story, order: Order, who: str = "support") -> str:
    text = words(read(browser(story, who), page(order)))
    return text[text.index("hecklist" if who == "support" else "What Support checked") :]


def test_the_portal_says_what_it_sees_beside_each_item(story: Story) -> None:
    order = story.order_in(
        "support", environments=("PRODUCTION",), owner_email="ingrid@gmail.com", technical_email="tor@konsulent.example"
    )
    text = shown(story, order)
    assert "The number 923609016 has the right check digit" in text
    assert "gmail.com (owner) gives addresses to anybody" in text
    assert "konsulent.example (technical contact) does not look like Nordsjø Surplus AS" in text
    assert "The project or customer reference : done “project Ekko (P-4471)”" in text
    assert "The organisation has no account in TEST to try things out" in text
    assert "No other account or open order of the organisation in these environments" in text
    assert "0 of 5 checked" in text


def test_it_sees_a_name_that_does_not_belong_to_the_number_and_what_exists_already(story: Story) -> None:
    story.account(client_id="nordsjo-test")
    first = story.order_in("support")
    text = shown(story, story.order_in("support", organisation_name="Andre Navn AS"))
    assert "The portal knows this number as “Nordsjø Surplus AS”" in text
    assert "Known here: 1 account, 1 other order" in text
    assert "nordsjo-test in TEST" in text
    assert f"Order {first.reference} is under way too" in text


def test_an_item_is_checked_waived_and_taken_back_each_with_its_event(story: Story) -> None:
    order = story.order_in("support")
    answer = tick(story, order, "organisation")
    assert (answer.status_code, answer["Location"]) == (302, page(order) + "#checklist")
    tick(story, order, "contacts", "waive", **{"contacts-reason": "A consultant, known to us."})
    text = shown(story, order)
    assert "Checked by Marte Lunde, just now" in text
    assert "Let pass by Marte Lunde, just now Reason: A consultant, known to us." in text
    assert "2 of 5 checked" in text
    tick(story, order, "organisation", "uncheck", who="colleague")
    assert "1 of 5 checked" in shown(story, order)
    told = (
        Event.objects.filter(subject_id=order.pk).order_by("seq").values_list("verb", "actor_name", "comment", "data")
    )
    assert list(told)[-3:] == [
        ("check", "Marte Lunde", "", {"item": "organisation"}),
        ("waive", "Marte Lunde", "A consultant, known to us.", {"item": "contacts"}),
        ("uncheck", "Jonas Eide", "", {"item": "organisation"}),
    ]


def test_letting_pass_needs_a_reason(story: Story) -> None:
    order = story.order_in("support")
    answer = tick(story, order, "purpose", "waive", **{"purpose-reason": "   "})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert 'href="#id_purpose-reason"' in text
    assert "Write why this may pass." in text
    assert not Check.objects.exists()


def test_a_changed_answer_marks_its_item_and_no_other(story: Story) -> None:
    order = story.order_in("support")
    for item in ("organisation", "purpose"):
        tick(story, order, item)
    order.refresh_from_db()
    story.do(order, "return", "support", comment="Which project?")
    new = {"purpose": "We also send pumps to Loop every night, for project Ekko (P-4471)."}
    ordering.save_answers(order, new, by=story.actor("ingrid"), now=NOW)
    story.do(order, "resubmit", "ingrid")
    text = shown(story, order)
    assert text.count("Look again: the requester changed this answer afterwards") == 1
    assert "1 of 5 checked" in text
    tick(story, order, "purpose")
    assert "2 of 5 checked" in shown(story, order)
    assert "Look again" not in shown(story, order)


def test_the_service_responsible_reads_it_and_does_not_tick(story: Story) -> None:
    order = story.order_in("support")
    tick(story, order, "purpose")
    order.refresh_from_db()
    story.do(order, "send_for_approval", "support")
    text = shown(story, order, "responsible")
    assert "Checked by Marte Lunde" in text
    assert "1 of 5 checked" in text
    assert "Take back" not in text
    assert tick(story, order, "purpose", "uncheck", who="responsible").status_code == 403
    assert tick(story, order, "purpose", "uncheck", who="ingrid").status_code == 403
    assert Check.objects.count() == 1


def test_after_the_decision_it_is_closed(story: Story) -> None:
    order, client = story.order_in("approved"), browser(story, "support")
    url = reverse("staff_order_check", args=[order.reference, "purpose"])
    answer = client.post(url, {"verb": "check", "version": order.version}, follow=True)
    assert "The checklist of this order is closed" in answer.content.decode()
    assert not Check.objects.exists()


@pytest.mark.parametrize(("item", "verb"), [("nonsense", "check"), ("purpose", "approve"), ("purpose", "")])
def test_what_is_no_item_and_no_verb_is_404(story: Story, item: str, verb: str) -> None:
    assert tick(story, story.order_in("support"), item, verb).status_code == 404


def test_whoever_looked_at_an_older_order_is_told_and_keeps_the_reason(story: Story) -> None:
    order = story.order_in("support")
    tick(story, order, "organisation", who="colleague")
    url = reverse("staff_order_check", args=[order.reference, "contacts"])
    said = {"verb": "waive", "version": order.version, "contacts-reason": "Known to us."}
    answer = browser(story, "support").post(url, said)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Jonas Eide" in text
    assert "Known to us." in text
    assert not Check.objects.filter(item="contacts").exists()


def test_the_requester_and_cegal_read_nothing_of_it(story: Story) -> None:
    order = story.order_in("support")
    tick(story, order, "contacts", "waive", **{"contacts-reason": "canary-waived"})
    order.refresh_from_db()
    for verb, who in (("send_for_approval", "support"), ("approve", "responsible"), ("send_to_cegal", "support")):
        story.do(order, verb, who)
    for who, url in (("ingrid", "order"), ("cegal", "cegal_order")):
        text = read(browser(story, who), reverse(url, args=[order.reference]))
        assert "canary-waived" not in text
        assert "let pass" not in text


def test_the_number_of_queries_does_not_grow_with_what_was_checked(story: Story) -> None:
    order = story.order_in("support")
    client = browser(story, "support")
    tick(story, order, "organisation")
    few = queries(client, page(order))
    for item in ("contacts", "purpose", "environments", "duplicates"):
        tick(story, order, item)
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        assert queries(client, page(order)) == few
