"""The audit trail: everything that happened, what is asked for, whether it is unbroken, and all of it as a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import translation

from accounts.actions import people
from accounts.lifecycle.states import Role
from accounts.models import Account, Event, JobRun, Order
from accounts.readers import audit as reader
from accounts.readers import called, history
from accounts.readers.details import details
from accounts.schedule import run_due
from tests.history import erasable
from tests.story import NOW, Story
from tests.web.staff_pages import browser, queries, read, words

URL = "/staff/audit/"
READERS = ("support", "responsible", "administrator")


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def found(story: Story, query: str) -> list[str]:
    """What the trail says happened, as it is written to the file, the newest first."""
    answer = browser(story, "administrator").get(f"{URL}export.jsonl?{query}")
    assert answer.status_code == 200
    return [json.loads(line)["verb"] for line in answer.getvalue().decode().splitlines()]


def tamper(**changes: object) -> None:
    """Change the newest event around the portal, as somebody with the database's password could."""
    newest = Event.objects.latest("pk")
    with erasable():
        Event.objects.filter(pk=newest.pk).update(**changes)


@pytest.mark.parametrize("who", ["ingrid", "cegal"])
@pytest.mark.parametrize("path", ["", "export.csv", "export.jsonl"])
def test_it_is_for_those_who_answer_for_the_service(story: Story, who: str, path: str) -> None:
    assert browser(story, who).get(URL + path).status_code == 403


@pytest.mark.parametrize("who", READERS)
def test_it_tells_who_did_what_to_what_and_why(story: Story, who: str) -> None:
    order = story.order_in("rejected")
    page = read(browser(story, who), URL)
    text = words(page)
    assert "Rejected the order “Not a customer.”" in text
    assert f"Marte Lunde {order.reference} Order 23 Nov 2026, 13:00:00 Unbroken" in text
    assert f'href="/staff/orders/{order.reference}/"' in page
    assert text.index("Rejected the order") < text.index("Sent the order")


def test_it_tells_before_and_after(story: Story) -> None:
    order = story.order_in("returned")
    Order.objects.filter(pk=order.pk).update(system="Oracle")
    order.refresh_from_db()
    story.do(order, "resubmit", "ingrid")
    text = words(read(browser(story, "administrator"), URL))
    assert "System before: SAP → after: Oracle" in text
    assert "Purpose Say more." in text


def test_a_draft_is_named_but_leads_nowhere(story: Story) -> None:
    order = story.draft()
    page = read(browser(story, "administrator"), URL)
    assert order.reference in page
    assert f'href="/staff/orders/{order.reference}/"' not in page


def test_it_can_be_asked_about_what(story: Story) -> None:
    order, other = story.order_in("issued"), story.order_in("withdrawn")
    account = order.accounts.get()
    assert found(story, f"subject={other.reference.lower()}") == ["withdraw", "start"]
    assert set(found(story, f"subject={account.client_id}")) >= {"create", "activate"}
    assert found(story, f"subject={account.client_id}@TEST") == found(story, f"subject={account.client_id}")
    assert found(story, f"subject={account.client_id}@PRODUCTION") == []
    assert found(story, f"subject={account.pk}") == found(story, f"subject={account.client_id}")
    of_organisation = found(story, "subject=nordsj%C3%B8+surplus")
    assert {"approve", "activate"} <= set(of_organisation)
    assert found(story, "subject=923+609+016") == of_organisation
    assert found(story, "subject=nobody") == []


def test_it_can_be_asked_by_whom(story: Story) -> None:
    story.order_in("issued")
    story.account()
    assert set(found(story, "who=henrik")) == {"approve"}
    assert set(found(story, "who=silje%40cegal.example")) == {"complete_setup", "create"}
    assert "import" in found(story, "kind=portal")
    assert "approve" not in found(story, "kind=portal")
    assert "import" not in found(story, "kind=people")
    assert found(story, "kind=links") == []
    assert found(story, "who=nobody") == []


def test_it_can_be_asked_what_and_when(story: Story) -> None:
    story.order_in("rejected")
    story.now = NOW + timedelta(days=1, hours=10, minutes=59)  # 23:59 in Oslo
    story.order_in("rejected")
    assert found(story, "verb=reject") == ["reject", "reject"]
    assert found(story, "verb=reject&first=2026-11-24") == ["reject"]
    assert found(story, "verb=reject&last=2026-11-23") == ["reject"]
    assert found(story, "verb=reject&first=2026-11-24&last=2026-11-24") == ["reject"]
    assert found(story, "first=2026-11-25") == []


def test_odd_input_filters_nothing_and_says_why(story: Story) -> None:
    story.order_in("rejected")
    text = words(read(browser(story, "support"), f"{URL}?first=2026-11-24&last=2026-11-01&verb=fly&after=x~y"))
    assert "Choose a last day that is not before the first." in text
    assert "Rejected the order" in text


def test_nothing_found_says_what_to_try(story: Story) -> None:
    text = words(read(browser(story, "support"), f"{URL}?subject=LA-1999-0001"))
    assert "No event matches References, client IDs and email addresses are looked for as a whole" in text


def test_pages_go_back_and_forth_without_losing_or_repeating(story: Story) -> None:
    for _number in range(30):
        story.order_in("support")  # all events at one moment
    rows = list(Event.objects.order_by("-at", "-pk").values_list("pk", flat=True))
    seen, asked = [], {}
    while True:
        _rows, page = reader.page(reader.Asked(), asked, {})
        seen += [event.pk for event in page.rows]
        if not page.after:
            break
        asked = {"after": page.after}
    assert seen == rows
    back = reader.page(reader.Asked(), {"before": page.before}, {})[1]
    assert [event.pk for event in back.rows] == rows[-len(page.rows) - 25 : -len(page.rows)]


@pytest.mark.parametrize(
    ("query", "most"), [("", 14), ("subject=nordsj%C3%B8", 21), ("who=marte", 16), ("verb=submit&kind=people", 14)]
)
def test_as_many_queries_for_one_order_as_for_many(story: Story, query: str, most: int) -> None:
    story.account()
    story.order_in("issued")
    by = browser(story, "administrator")
    few = queries(by, f"{URL}?{query}")
    for _number in range(8):
        story.order_in("issued")
    assert queries(by, f"{URL}?{query}") <= few <= most


def test_one_history_is_verified_by_a_button(story: Story) -> None:
    order = story.order_in("rejected")
    by = browser(story, "administrator")
    page = read(by, f"{URL}?subject={order.reference}")
    assert "3 events in its history" in words(page)
    asked = {"kind": "order", "pk": str(order.pk)}
    answer = by.post(f"{URL}verify/", asked, follow=True)
    assert f"The history of {order.reference} is unbroken: 3 events were read and fit." in answer.content.decode()
    assert by.get(f"{URL}verify/").status_code == 405


@pytest.mark.django_db(transaction=True)
def test_what_was_changed_around_the_portal_is_seen(story: Story) -> None:
    order = story.order_in("rejected")
    tamper(comment="A friend of mine.")
    by = browser(story, "administrator")
    assert "Broken" in words(read(by, URL))
    answer = by.post(f"{URL}verify/", {"kind": "order", "pk": str(order.pk)}, follow=True)
    said = f"The history of {order.reference} is broken: order {order.reference}, event 3: its hash does not fit"
    assert said in answer.content.decode()


@pytest.mark.parametrize("asked", [{}, {"kind": "order", "pk": "x"}, {"kind": "ghost", "pk": str(Account().pk)}])
def test_a_subject_that_is_none_is_not_found(story: Story, asked: dict[str, str]) -> None:
    assert browser(story, "administrator").post(f"{URL}verify/", asked).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_the_nightly_verification_stands_on_the_page(story: Story) -> None:
    story.order_in("rejected")
    by = browser(story, "administrator")
    assert "Not verified yet" in words(read(by, URL))
    run_due(lambda: story.now)
    text = words(read(by, URL))
    assert "History unbroken" in text
    assert "3 events verified just now" in text
    tamper(hash="0" * 64)
    JobRun.objects.all().delete()
    run_due(lambda: story.now)
    assert JobRun.objects.get(job="verify_history").counts == {"events": 3, "chains": 1, "broken": 1}
    text = words(read(by, URL))
    assert "The history is broken in 1 place" in text


def test_chunks_of_the_verification_lose_nothing(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    for _number in range(3):
        story.order_in("issued")
    monkeypatch.setattr(history, "CHUNK", 4)
    verified, read_so_far = history.Verified(), []
    assert list(history.verify(verified, read=read_so_far.append)) == []
    assert verified.events == sum(read_so_far) == Event.objects.count()
    assert max(read_so_far) == 4


def test_the_file_is_all_of_it_and_safe_in_a_spreadsheet(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "CHUNK", 5)
    order = story.order_in("support")
    story.do(order, "reject", "support", comment='=HYPERLINK("http://evil.example")')
    story.order_in("issued")
    answer = browser(story, "administrator").get(f"{URL}export.csv")
    assert answer.streaming
    assert answer["Content-Disposition"] == 'attachment; filename="audit-trail-2026-11-23.csv"'
    lines = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert [int(line["id"]) for line in lines] == list(
        Event.objects.order_by("-at", "-pk").values_list("pk", flat=True)
    )
    rejected = next(line for line in lines if line["verb"] == "reject")
    assert rejected["comment"] == '\'=HYPERLINK("http://evil.example")'
    assert rejected["subject"] == order.reference
    assert {line["intact"] for line in lines} == {"True"}


def test_the_file_is_in_the_reader_s_language(story: Story) -> None:
    story.order_in("rejected")
    by = browser(story, "administrator")
    by.cookies["language"] = "nb"
    answer = by.get(f"{URL}export.jsonl", headers={"accept-language": "nb"})
    translation.deactivate()  # the page is over, the file is still being sent
    first = json.loads(answer.getvalue().decode().splitlines()[0])
    assert first["sentence"] == "avslo bestillingen"


def test_it_streams_from_flat_memory(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each chunk is asked for when the one before was sent, and none is kept."""
    monkeypatch.setattr(reader, "CHUNK", 4)
    for _number in range(4):
        story.order_in("issued")
    stream = reader.stream(reader.Asked())
    next(stream)
    with connection.execute_wrapper(lambda *_args: pytest.fail("the next chunk was asked for too early")):
        for _row in range(3):
            next(stream)
    assert sum(1 for _row in stream) == Event.objects.count() - 4


def test_a_person_s_roles_are_part_of_it(story: Story) -> None:
    by = story.actor("administrator")
    known = people.create_person("new@support.example", by=by, now=NOW, roles=[Role.SUPPORT])
    text = words(read(browser(story, "administrator"), f"{URL}?subject={known.person.email}"))
    assert "Gave a role" in text
    assert "Made the person known" in text


def test_an_organisation_with_very_many_says_that_it_is_cut(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(called, "MOST", 2)
    for _number in range(3):
        story.order_in("support")
    text = words(read(browser(story, "support"), f"{URL}?subject=nordsj%C3%B8"))
    assert "More than 2 orders and accounts fit" in text


def test_every_verb_can_be_chosen_once() -> None:
    chosen = [verb for _label, group in reader.verbs() for verb, _said in group]
    assert {"approve", "notify", "grant_role", "edit"} <= set(chosen)
    assert len(chosen) == len(set(chosen))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"from": "A", "to": "B"}, [("Changed", "B", "A")]),
        ({"changed": {"system": ["SAP", ""], "as_seller": [True, False]}},
         [("SYS", "–", "SAP"), ("As seller", "No", "Yes")]),
        ({"numbers": {"answer_days": {"from": 30, "to": 40}}}, [("Answer days", "40", "30")]),
        ({"comments": [{"field": "system", "text": "Which?"}], "answer_by": "2026-12-23"},
         [("SYS", "Which?", None), ("Answer by", "2026-12-23", None)]),
        ({"to": "Jonas", "from": "", "to_id": "5b6d"}, [("Changed", "Jonas", "–")]),
        ({"environments": ["TEST", "PRODUCTION"]}, [("Environments", "TEST, PRODUCTION", None)]),
    ],
)  # fmt: skip
def test_what_an_event_keeps_is_told_in_words(
    data: dict[str, object], expected: list[tuple[str, str, str | None]]
) -> None:
    assert [(d.label, d.value, d.before) for d in details(data, {"system": "SYS"})] == expected
