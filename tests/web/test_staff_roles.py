"""Who may open which page of the staff: each wrong role gets 403 with what to do, a stranger the sign-in page."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from tests.story import Story
from tests.web.staff_pages import WORKERS, browser, read

STAFF = {"support", "responsible", "administrator"}
PAGES = {
    "/staff/worklist/": STAFF,
    "/staff/approvals/": {"responsible"},
    "/staff/accounts/": STAFF,
    "/staff/inactivity/": STAFF,
    "/staff/messages/": {"support", "administrator"},
    "/staff/jobs/": {"support", "administrator"},
    "/cegal/": {"cegal"},
}
NOTHING = uuid.UUID(int=0)
SUBJECTS = {
    "/staff/orders/LA-1999-0001/": STAFF,
    f"/staff/accounts/{NOTHING}/": STAFF,
    f"/staff/accounts/{NOTHING}/new-secret/": {"support"},
    f"/staff/tasks/{NOTHING}/": {"support"},
    f"/staff/messages/{NOTHING}/": {"support", "administrator"},
    "/cegal/orders/LA-1999-0001/": {"cegal"},
    f"/cegal/tasks/{NOTHING}/": {"cegal"},
}
POSTS = {
    f"/staff/credentials/{NOTHING}/verify/": {"support", "cegal"},
    f"/staff/messages/{NOTHING}/again/": {"support"},
}


@pytest.mark.parametrize("who", WORKERS)
@pytest.mark.parametrize("url", PAGES)
def test_a_page_opens_for_its_roles_only(story: Story, url: str, who: str) -> None:
    text = read(browser(story, who), url, 200 if who in PAGES[url] else 403)
    assert ("An administrator can change them" in text) == (who not in PAGES[url])


@pytest.mark.parametrize("who", WORKERS)
@pytest.mark.parametrize("url", SUBJECTS)
def test_what_is_not_there_is_404_for_its_roles_and_403_for_others(story: Story, url: str, who: str) -> None:
    read(browser(story, who), url, 404 if who in SUBJECTS[url] else 403)


@pytest.mark.parametrize("who", WORKERS)
@pytest.mark.parametrize("url", POSTS)
def test_what_only_posts_tells_roles_apart(story: Story, url: str, who: str) -> None:
    client = browser(story, who)
    assert client.post(url).status_code == (404 if who in POSTS[url] else 403)
    assert client.get(url).status_code == (405 if who in POSTS[url] else 403)


@pytest.mark.parametrize("url", [*PAGES, *SUBJECTS])
def test_a_stranger_signs_in_first(client: Client, db: None, url: str) -> None:
    answer = client.get(url)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/login/?next=")


@pytest.mark.parametrize("url", PAGES)
def test_lists_are_only_read(story: Story, url: str) -> None:
    client = browser(story, min(PAGES[url]))
    assert client.post(url).status_code == 405


@pytest.mark.parametrize("who", WORKERS)
def test_a_list_that_a_newer_check_replaced_leads_to_the_newest(story: Story, who: str) -> None:
    answer = browser(story, who).get(f"/staff/inactivity/lists/{NOTHING}/")
    assert answer.status_code == (302 if who in STAFF else 403)
    assert answer.get("Location", "/staff/inactivity/") == "/staff/inactivity/"
