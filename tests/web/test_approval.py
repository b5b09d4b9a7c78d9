"""The approval page: everything on one screen, one field, three buttons, one more step, the next in line."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.actions import deputies
from accounts.lifecycle.states import Role
from accounts.models import Event, Message, Order, Person, RoleGrant
from tests.story import PURPOSE, Story
from tests.web.staff_pages import browser, hidden_fields, queries, read, words
from tests.web.visitors import browser_of


def press(client: Client, order: Order, verb: str, comment: str = "", **more: object) -> tuple[int, str]:
    """Press one of the three buttons; give the status and the page."""
    said = {"verb": verb, "comment": comment, "version": order.version, **more}
    answer = client.post(f"/staff/approvals/{order.reference}/", said)
    return answer.status_code, answer.content.decode()


def confirm(client: Client, order: Order, page: str) -> str:
    """Press the button of the page after; give where it leads."""
    answer = client.post(f"/staff/approvals/{order.reference}/", hidden_fields(page))
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return str(answer["Location"])


def deputy_of(story: Story, person: Person, days: int = 7) -> Person:
    """``person`` as the deputy of the service responsible, from the machine's today on: pages have no other clock."""
    today = timezone.localdate()
    by = story.actor("responsible")
    deputies.name_deputy(
        story.responsible, person, starts_on=today, ends_on=today + timedelta(days=days), by=by, now=timezone.now()
    )
    return person


def test_all_that_the_decision_needs_is_on_the_page(story: Story) -> None:
    before = story.order_in("rejected")
    order = story.order_in("support", as_broker=True, environments=("TEST", "PRODUCTION"))
    story.do(order, "send_for_approval", "support", comment="Known customer.")
    said = words(read(browser(story, "responsible"), f"/staff/approvals/{order.reference}/"))
    for fact in (
        "Approval 1 of 1 waiting for you", "Approve access for Nordsjø Surplus AS?", PURPOSE, "Known customer.",
        "Ingrid Solheim", "Tor Teknisk", "923609016", "Seller + Broker", "Import items and sales data",
        "Export sales data and update sales statuses", "TEST", "PRODUCTION", "SAP", before.reference, "0 of 5 checked",
        "You have not handled this order yourself",
    ):  # fmt: skip
        assert fact in said, fact
    assert "They cannot" not in said


def test_a_seller_is_told_from_a_broker(story: Story) -> None:
    order = story.order_in("approval")
    said = words(read(browser(story, "responsible"), f"/staff/approvals/{order.reference}/"))
    assert "They can Import items and sales data They cannot Export sales data and update sales statuses" in said


def test_approve_asks_once_more_then_decides_and_offers_the_next(story: Story) -> None:
    first, second = story.order_in("approval"), story.order_in("approval")
    client = browser(story, "responsible")
    status, page = press(client, first, "approve", "Fine.")
    assert status == 200
    assert "Support is told" in words(page)
    assert "Fine." in words(page)
    assert Order.objects.get(pk=first.pk).state == "approval", "nothing is decided yet"
    assert confirm(client, first, page) == f"/staff/approvals/{first.reference}/"
    event = Event.objects.get(subject_id=first.pk, verb="approve")
    assert (event.comment, event.actor_name) == ("Fine.", "Henrik Aasen")
    after = read(client, f"/staff/approvals/{first.reference}/")
    assert f'href="/staff/approvals/{second.reference}/"' in after
    assert "Henrik Aasen approved the order" in words(after)


@pytest.mark.parametrize(("verb", "state"), [("reject", "rejected"), ("return", "returned")])
def test_rejecting_and_returning_need_a_reason(story: Story, verb: str, state: str) -> None:
    order = story.order_in("approval")
    client = browser(story, "responsible")
    status, page = press(client, order, verb)
    assert status == 422
    assert 'id="error-summary-title"' in page
    assert 'aria-invalid="true"' in page
    status, page = press(client, order, verb, "Which project is it for?")
    assert status == 200
    confirm(client, order, page)
    order.refresh_from_db()
    assert order.state == state
    assert Event.objects.get(subject_id=order.pk, verb=verb).comment == "Which project is it for?"
    after = words(read(client, f"/staff/approvals/{order.reference}/"))
    assert "Which project is it for?" in after
    assert "Nothing more waits for you." in after


def test_a_button_that_is_none_says_so(story: Story) -> None:
    order = story.order_in("approval")
    client = browser(story, "responsible")
    for verb in ("", "withdraw", "nonsense"):
        status, page = press(client, order, verb, "Kept text")
        assert (status, "Kept text" in page) == (422, True)
    assert Order.objects.get(pk=order.pk).state == "approval"


def test_somebody_was_first(story: Story) -> None:
    order = story.order_in("approval")
    other = story.person("berit@loop.example", "Berit Dahl", Role.SERVICE_RESPONSIBLE)
    client = browser(story, "responsible")
    _status, page = press(client, order, "reject", "Not a customer of ours.")
    story.do(Order.objects.get(pk=order.pk), "approve", other)
    answer = client.post(f"/staff/approvals/{order.reference}/", hidden_fields(page))
    said = words(answer.content.decode())
    assert answer.status_code == 409
    assert "Berit Dahl approved the order" in said
    assert "Not a customer of ours." in said, "what was typed is kept"
    assert Order.objects.get(pk=order.pk).state == "approved"


def test_a_note_in_between_asks_to_look_again_and_keeps_the_comment(story: Story) -> None:
    order = story.order_in("approval")
    client = browser(story, "responsible")
    status, page = press(client, order, "approve", "Fine.", version=order.version - 1)
    assert status == 409
    assert "Fine." in page
    assert 'value="approve"' in page


def test_skip_leads_round_the_line(story: Story) -> None:
    orders = [story.order_in("approval") for _ in range(3)]
    client = browser(story, "responsible")
    seen, url = [], f"/staff/approvals/{orders[0].reference}/"
    for _ in orders:
        page = read(client, url)
        seen.append(re.search(r"Approval (\d) of 3", words(page))[1])  # type: ignore[index]
        url = re.search(r'href="(/staff/approvals/LA[^"]+)">Skip for now', page)[1]  # type: ignore[index]
    assert sorted(seen) == ["1", "2", "3"]
    assert url == f"/staff/approvals/{orders[0].reference}/"


def test_who_handled_it_may_return_it_but_sees_why_not_approve(story: Story) -> None:
    RoleGrant.objects.create(
        person=story.support, role=Role.SERVICE_RESPONSIBLE.value, granted_by="test", granted_at=story.now
    )
    order = story.order_in("approval")
    client = browser(story, "support")
    page = read(client, f"/staff/approvals/{order.reference}/")
    assert "You sent this order for approval yourself" in words(page)
    assert 'value="approve"' not in page
    assert 'value="return"' in page
    assert press(client, order, "approve", confirmed="yes")[0] == 403
    assert Order.objects.get(pk=order.pk).state == "approval"


def test_a_deputy_is_told_for_whom_and_the_history_says_so(story: Story) -> None:
    ola = deputy_of(story, story.person("ola@loop.example", "Ola Hansen", language="nb"))
    order = story.order_in("approval")
    client = browser_of(ola)
    page = read(client, f"/staff/approvals/{order.reference}/")
    assert "Henrik Aasen" in words(page)
    status, asked = press(client, order, "approve")
    assert status == 200
    confirm(client, order, asked)
    event = Event.objects.get(subject_id=order.pk, verb="approve")
    assert event.data == {"deputy_for": "Henrik Aasen"}
    whole = words(read(browser(story, "support"), f"/staff/orders/{order.reference}/"))
    assert "Ola Hansen, as deputy for Henrik Aasen" in whole
    theirs = words(read(browser(story, "ingrid"), f"/orders/{order.reference}/"))
    assert "Ola Hansen, as deputy for Henrik Aasen" in theirs


def test_a_deputy_sees_the_work_only_on_the_days_of_the_range(story: Story) -> None:
    order = story.order_in("approval")
    ola = story.person("ola@loop.example", "Ola Hansen")
    client = browser_of(ola)
    assert client.get("/staff/approvals/").status_code == 403
    deputy_of(story, ola)
    assert order.reference in read(client, "/staff/approvals/")
    assert "/staff/approvals/" in read(client, "/orders/"), "the navigation offers it"
    found = story.responsible.deputies.get()
    deputies.end_deputy(found, by=story.actor("responsible"), now=timezone.now())
    assert client.get(f"/staff/approvals/{order.reference}/").status_code == 403
    assert "/staff/approvals/" not in read(client, "/orders/")


@pytest.mark.parametrize("who", ["support", "cegal", "administrator", "ingrid"])
def test_for_nobody_else(story: Story, who: str) -> None:
    order = story.order_in("approval")
    client = browser(story, who)
    assert client.get(f"/staff/approvals/{order.reference}/").status_code == 403
    assert press(client, order, "approve", confirmed="yes")[0] == 403
    assert Order.objects.get(pk=order.pk).state == "approval"


def test_drafts_and_unknown_orders_are_not_there(story: Story) -> None:
    draft = story.draft()
    client = browser(story, "responsible")
    for reference in (draft.reference, "LA-2026-9999"):
        assert client.get(f"/staff/approvals/{reference}/").status_code == 404


def test_the_mail_leads_here_also_after_signing_in(story: Story) -> None:
    order = story.order_in("approval")
    assert Message.objects.filter(kind="order_to_approve", event__subject_id=order.pk).exists()
    answer = Client().get(f"/staff/approvals/{order.reference}/")
    assert answer.status_code == 302
    assert answer["Location"].endswith(f"?next=/staff/approvals/{order.reference}/")


def test_the_page_takes_the_same_queries_however_long_the_line(story: Story) -> None:
    order = story.order_in("approval")
    client = browser(story, "responsible")
    few = queries(client, f"/staff/approvals/{order.reference}/")
    for _ in range(6):
        story.order_in("approval")
    story.order_in("rejected")
    assert queries(client, f"/staff/approvals/{order.reference}/") == few + 1, "one more for the environments"
    assert few <= 22
