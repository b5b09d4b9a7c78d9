"""Getting started: the examples for one's own account, the files for Postman, and the way there."""

from __future__ import annotations

import html
import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.readers import postman
from accounts.readers.snippets import LANGUAGES, snippets
from accounts.templatetags.code_tags import code
from tests.story import Story
from tests.web.test_order_pages import queries, text_of
from tests.web.visitors import browser_of


@pytest.fixture
def ingrid(story: Story) -> Client:
    return browser_of(story.ingrid)


def test_without_an_account_the_page_says_how_to_get_one(ingrid: Client) -> None:
    text = text_of(ingrid, reverse("getting_started"))
    assert "No API account yet" in text
    assert reverse("order_new") in text


def test_the_way_leads_to_ones_own_account_that_works(story: Story, ingrid: Client) -> None:
    story.account_in("suspended", client_id="a-suspended")
    works = story.account(client_id="b-works")
    story.account(client_id="0-foreign", owner=story.stranger)
    answer = ingrid.get(reverse("getting_started"))
    assert answer["Location"] == reverse("account_start", args=[works.pk])


def test_the_account_asked_for_is_shown_if_it_is_ones_own(story: Story, ingrid: Client) -> None:
    first, second = story.account(client_id="a"), story.account(client_id="b")
    foreign = story.account(client_id="c", owner=story.stranger)
    start = reverse("getting_started")
    assert ingrid.get(start, {"account": str(second.pk)})["Location"] == reverse("account_start", args=[second.pk])
    for odd in (str(foreign.pk), "nonsense"):
        assert ingrid.get(start, {"account": odd})["Location"] == reverse("account_start", args=[first.pk])
    text = text_of(ingrid, reverse("account_start", args=[second.pk]))
    assert f'<option value="{second.pk}" selected>' in text
    assert str(foreign.pk) not in text


def test_every_language_has_its_tab_and_its_whole_text(story: Story, ingrid: Client) -> None:
    account = story.account(client_id="""it's "mine" </code>""")
    text = text_of(ingrid, reverse("account_start", args=[account.pk]))
    for one in snippets(account):
        for part, program in (("token", one.token), ("sales", one.sales)):
            key = f"{part}-{one.language.key}"
            assert f'href="#{key}"' in text
            shown = re.search(rf'<code id="{key}-code">(.*?)</code>', text, re.DOTALL)
            assert shown is not None
            assert html.unescape(re.sub(r"</?span[^>]*>", "", shown[1])) == program


@pytest.mark.parametrize("text", ["x = 'a' # b\n", '"<b>" // no', "it's", '`${a}` "un\nclosed', ""])
def test_colours_change_no_letter(text: str) -> None:
    assert html.unescape(re.sub(r"</?span[^>]*>", "", code(text))) == text
    assert "<b>" not in code(text)


def test_the_postman_files_come_as_files_without_the_secret(story: Story, ingrid: Client) -> None:
    account = story.order_in("issued").accounts.get()
    environment = ingrid.get(reverse("postman_environment", args=[account.pk]))
    assert json.loads(environment.content) == postman.environment(account)
    assert environment["Content-Disposition"].startswith('attachment; filename="loop-TEST-client-test-')
    assert environment["Cache-Control"] == "no-store, private"
    assert "secret-TEST" not in environment.content.decode()
    collection = ingrid.get(reverse("postman_collection", args=[account.pk]))
    assert json.loads(collection.content) == postman.collection()


def test_a_strange_client_id_makes_no_strange_file_name(story: Story, ingrid: Client) -> None:
    account = story.account(client_id='a"; x=y/../é')
    named = ingrid.get(reverse("postman_environment", args=[account.pk]))["Content-Disposition"]
    assert named == 'attachment; filename="loop-TEST-a-x-y-..-.postman_environment.json"'


def test_the_files_are_for_those_who_see_the_account(story: Story) -> None:
    account = story.order_in("issued").accounts.get()
    for name in ("postman_environment", "postman_collection"):
        url = reverse(name, args=[account.pk])
        assert browser_of(story.stranger).get(url).status_code == 404
        assert browser_of(story.cegal).get(url).status_code == 404
        assert browser_of(story.support).get(url).status_code == 200
        assert Client().get(url).status_code == 302


def test_the_checklist_says_how_far_one_is(story: Story, ingrid: Client) -> None:
    issued = story.order_in("issued").accounts.get()
    rows = ingrid.get(reverse("account_start", args=[issued.pk])).context["progress"]
    assert [row["state"] for row in rows] == ["todo", "todo", "todo"]
    used = story.account(last_used_on=story.now.date())
    rows = ingrid.get(reverse("account_start", args=[used.pk])).context["progress"]
    assert [row["state"] for row in rows] == ["met", "met", "met"]


def test_the_page_asks_the_database_equally_often_however_many_accounts_there_are(story: Story, ingrid: Client) -> None:
    url = reverse("account_start", args=[story.account().pk])
    story.account()
    few = queries(ingrid, url)
    for _ in range(10):
        story.account()
    assert queries(ingrid, url) == few
    assert len(LANGUAGES) == 6
