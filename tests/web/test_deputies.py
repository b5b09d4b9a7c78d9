"""The page of deputies: name, change, take back; what the deputy sees; nobody else's ranges."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from accounts.models import Deputy, Message
from tests.story import Story
from tests.web.staff_pages import browser, queries, read, words
from tests.web.visitors import browser_of

PAGE = "/staff/deputies/"


def days(first: int = 0, last: int = 7) -> dict[str, str]:
    """A range, counted from today: pages have no other clock than the machine's."""
    today = timezone.localdate()
    return {name: (today + timedelta(days=n)).isoformat() for name, n in (("starts_on", first), ("ends_on", last))}


def named(story: Story, first: int = 0, last: int = 7) -> Deputy:
    """Jonas, named by the service responsible through the page."""
    answer = browser(story, "responsible").post(PAGE, {"email": story.colleague.email, **days(first, last)})
    assert answer.status_code == 302, answer.content.decode()[:3000]
    return Deputy.objects.latest("named_at")


def test_name_a_deputy(story: Story) -> None:
    client = browser(story, "responsible")
    empty = read(client, PAGE)
    assert "Nobody stands in for you" in words(empty)
    assert story.colleague.email in empty, "colleagues are suggested"
    assert story.cegal.email not in empty
    assert story.ingrid.email not in empty
    named(story)
    said = words(read(client, PAGE))
    assert "Jonas Eide" in said
    assert "Stands in now" in said
    assert Message.objects.get(kind="deputy_named").to_email == story.colleague.email


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"email": "nobody@loop.example"}, "Nobody is known as nobody@loop.example"),
        ({"email": "henrik@loop.example"}, "You cannot stand in for yourself"),
        ({"email": "silje@cegal.example"}, "works at Cegal"),
        ({"ends_on": "2020-01-01", "starts_on": "2020-01-01"}, "days that are over"),
        ({"ends_on": ""}, "Choose the last day."),
        ({"email": ""}, "Enter the email address of a colleague."),
    ],
)
def test_what_cannot_be_says_why_and_keeps_what_was_typed(story: Story, fields: dict[str, str], sentence: str) -> None:
    typed = {"email": story.colleague.email, **days(), **fields}
    answer = browser(story, "responsible").post(PAGE, typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in words(page)
    assert all(f'value="{value}"' in page for value in typed.values() if value)
    assert not Deputy.objects.exists()


def test_change_the_days(story: Story) -> None:
    found = named(story, 3, 7)
    client = browser(story, "responsible")
    assert f'value="{found.ends_on.isoformat()}"' in read(client, f"{PAGE}{found.pk}/")
    assert client.post(f"{PAGE}{found.pk}/", days(4, 9)).status_code == 302
    found.refresh_from_db()
    assert found.ends_on == timezone.localdate() + timedelta(days=9)
    assert client.post(f"{PAGE}{found.pk}/", days(9, 4)).status_code == 422


def test_take_back_asks_first(story: Story) -> None:
    found = named(story)
    client = browser(story, "responsible")
    assert "Take Jonas Eide back as your deputy?" in words(read(client, f"{PAGE}{found.pk}/end/"))
    found.refresh_from_db()
    assert found.ended_at is None
    assert client.post(f"{PAGE}{found.pk}/end/").status_code == 302
    found.refresh_from_db()
    assert found.ended_at is not None
    again = client.post(f"{PAGE}{found.pk}/end/", follow=True)
    assert "was taken back a moment ago" in words(again.content.decode())
    assert client.post(f"{PAGE}{found.pk}/", days(0, 9)).status_code == 409


def test_the_deputy_sees_for_whom_and_when_and_names_nobody(story: Story) -> None:
    found = named(story)
    client = browser(story, "colleague")
    page = read(client, PAGE)
    assert "Henrik Aasen" in words(page)
    assert "Name a deputy" not in words(page)
    assert client.post(PAGE, {"email": story.support.email, **days()}).status_code in (403, 422)
    for url in (f"{PAGE}{found.pk}/", f"{PAGE}{found.pk}/end/"):
        assert client.get(url).status_code == 404
        assert client.post(url, days()).status_code == 404
    assert Deputy.objects.count() == 1


@pytest.mark.parametrize("who", ["support", "cegal", "administrator", "ingrid"])
def test_for_nobody_else(story: Story, who: str) -> None:
    found = named(story)
    client = browser(story, who)
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, {"email": story.colleague.email, **days(20, 21)}).status_code == 403
    assert client.get(f"{PAGE}{found.pk}/").status_code == 404
    assert Deputy.objects.count() == 1


def test_a_deputy_of_yesterday_still_sees_that_it_is_over(story: Story) -> None:
    ola = story.person("ola@loop.example", "Ola Hansen")
    yesterday = timezone.localdate() - timedelta(days=1)
    Deputy.objects.create(
        principal=story.responsible, deputy=ola, starts_on=date(2026, 1, 1), ends_on=yesterday, named_at=story.now
    )
    assert "Over" in words(read(browser_of(ola), PAGE))


def test_the_same_queries_however_many(story: Story) -> None:
    named(story, 0, 1)
    client = browser(story, "responsible")
    few = queries(client, PAGE)
    for number in range(2, 8):
        named(story, 2 * number, 2 * number + 1)
    assert queries(client, PAGE) == few
