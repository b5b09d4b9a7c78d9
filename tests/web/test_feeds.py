"""The pages about usage feeds: what is known, gaps to accept, deliveries, and a use that Support writes down."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import translation
from django.utils.html import escape

from accounts.actions.lines import BadFile
from accounts.lifecycle.actor import SYSTEM
from accounts.models import Account, Coverage, Environment, Event, Feed, LastUse, UsageBatch
from accounts.words import say
from tests.actions.feeding import call, take
from tests.story import NOW, Story
from tests.web.visitors import browser_of

pytestmark = pytest.mark.django_db
FEEDS = "/staff/feeds/"


def gap_url(first: str, last: str) -> str:
    return reverse("feed_gap", args=[Environment.objects.get(name="TEST").pk, first, last])


def page(story: Story, who: str = "support", **asked: str) -> str:
    response = browser_of(getattr(story, who)).get(FEEDS, asked)
    assert response.status_code == 200
    return str(response.content.decode())


def with_a_gap(story: Story) -> None:
    """TEST is known but for 11 to 14 November."""
    take(call("nobody"), through=date(2026, 11, 10), covers_from=date(2026, 11, 1), now=story.now)
    take(through=date(2026, 11, 22), covers_from=date(2026, 11, 15), now=story.now)


class TestThePage:
    def test_without_any_usage_it_says_what_to_do(self, story: Story) -> None:
        said = page(story)
        assert said.count("Never received: nobody is notified") == 2
        assert "import_usage" in said
        assert "No delivery yet" in said

    def test_feeds_gaps_and_deliveries(self, story: Story) -> None:
        with_a_gap(story)
        said = page(story)
        assert "Usage files" in said
        assert "nobody" in said
        assert "1 unknown client" in said
        assert gap_url("2026-11-11", "2026-11-14") in said
        assert gap_url("2026-11-11", "2026-11-14") not in page(story, "responsible")

    def test_a_first_file_that_covers_less_than_it_names_says_why(self, story: Story) -> None:
        take(call(at="2020-01-01T10:00:00Z"), call(), now=story.now)
        assert "from 2 January 2020 through 19 November 2026, so it counts as complete only from" in page(story)

    def test_a_refused_file_is_told_with_its_bad_lines(self, story: Story) -> None:
        with pytest.raises(Exception, match="2 mistakes"):
            take("{", call(at="yesterday"))
        said = page(story)
        assert "Failed last" in said
        assert "Line 2, timestamp" in said
        assert "Line 2" in page(story, state="refused")
        assert "Line 2" not in page(story, state="taken")

    def test_bad_lines_are_told_in_the_readers_language(self, story: Story) -> None:
        with pytest.raises(BadFile, match="2 mistakes") as refused:
            take("{", call(at="yesterday"))
        told = [bad.sentence for bad in refused.value.bad_lines]
        with translation.override("nb"):
            norwegian = [escape(say(sentence)) for sentence in told]
        said = browser_of(story.support).get(FEEDS, headers={"accept-language": "nb"}).content.decode()
        for sentence, translated in zip(told, norwegian, strict=True):
            assert translated != escape(str(sentence))
            assert translated in said
            assert escape(str(sentence)) in page(story)

    def test_the_bad_lines_of_an_old_row_are_told_as_they_were_written(self, story: Story) -> None:
        with pytest.raises(BadFile):
            take("{")
        UsageBatch.objects.update(bad_lines=[{"line": 7, "field": "", "detail": "This is not JSON at 100%."}])
        assert "Line 7: This is not JSON at 100%." in page(story)

    def test_the_environment_filters(self, story: Story) -> None:
        with_a_gap(story)
        assert "No delivery matches" in page(story, environment="PRODUCTION")
        assert "No delivery matches" not in page(story, environment="TEST")

    def test_pages_by_key(self, story: Story) -> None:
        for number in range(27):
            take(call(f"client-{number}"), now=story.now + timedelta(minutes=number))
        said = page(story)
        assert "client-26" in said
        assert "client-0," not in said
        assert "after=" in said

    def test_the_same_number_of_queries_for_any_number_of_rows(
        self, story: Story, django_assert_max_num_queries: Any
    ) -> None:
        browser = browser_of(story.support)
        take(call("a"))
        with django_assert_max_num_queries(40) as few:
            browser.get(FEEDS)
        asked = len(few)
        assert asked > 5
        for number in range(8):
            take(call(f"x{number}"), source=f"source {number}", now=story.now + timedelta(minutes=number))
        with_a_gap(story)
        with django_assert_max_num_queries(asked):
            browser.get(FEEDS)

    @pytest.mark.parametrize("who", ["ingrid", "cegal"])
    def test_not_for_others(self, story: Story, who: str) -> None:
        assert browser_of(getattr(story, who)).get(FEEDS).status_code == 403


class TestAGap:
    def test_it_is_accepted_with_a_reason(self, story: Story) -> None:
        with_a_gap(story)
        browser, url = browser_of(story.support), gap_url("2026-11-11", "2026-11-14")
        assert "11 Nov 2026 – 14 Nov 2026" in browser.get(url).content.decode()
        assert not Coverage.objects.exclude(accepted_by="").exists()
        assert browser.post(url, {"comment": " "}).status_code == 422
        assert browser.post(url, {"comment": "The log was lost."})["Location"] == FEEDS
        row = Coverage.objects.exclude(accepted_by="").get()
        assert (row.accepted_by, row.reason) == ("Marte Lunde", "The log was lost.")
        said = page(story)
        assert "The log was lost." in said
        assert url not in said
        assert browser.get(url).status_code == 404

    @pytest.mark.parametrize("days", [("2026-11-11", "2026-11-13"), ("x", "2026-11-14"), ("2026-11-01", "2026-11-02")])
    def test_days_that_are_no_gap(self, story: Story, days: tuple[str, str]) -> None:
        with_a_gap(story)
        assert browser_of(story.support).post(gap_url(*days), {"comment": "x"}).status_code == 404

    @pytest.mark.parametrize("who", ["responsible", "administrator", "ingrid"])
    def test_only_support(self, story: Story, who: str) -> None:
        with_a_gap(story)
        browser = browser_of(getattr(story, who))
        assert browser.post(gap_url("2026-11-11", "2026-11-14"), {"comment": "x"}).status_code == 403


class TestAUse:
    def test_it_is_written_down_and_told_on_both_pages(self, story: Story) -> None:
        account = story.account(last_used_on=date(2026, 1, 5))
        browser, url = browser_of(story.support), reverse("account_use", args=[account.pk])
        home = browser.get(reverse("staff_account", args=[account.pk])).content.decode()
        assert url in home
        assert "came with the import" in home
        assert browser.post(url, {"day": "", "comment": "x"}).status_code == 422
        assert browser.post(url, {"day": "2026-03-02", "comment": "They called us."}).status_code == 302
        assert Account.objects.get(pk=account.pk).last_used_on == date(2026, 3, 2)
        home = browser.get(reverse("staff_account", args=[account.pk])).content.decode()
        assert "Marte Lunde: They called us." in home
        assert "wrote down that the account was used" in home
        owners = browser_of(story.ingrid).get(reverse("account", args=[account.pk])).content.decode()
        assert "Written down by Support" in owners
        assert "They called us." not in owners

    def test_a_refusal_keeps_what_was_typed(self, story: Story) -> None:
        account = story.account()
        browser, url = browser_of(story.support), reverse("account_use", args=[account.pk])
        browser.post(url, {"day": "2026-03-02", "comment": "They called us."})
        response = browser.post(url, {"day": "2026-02-02", "comment": "An earlier one."})
        assert response.status_code == 422
        said = response.content.decode()
        assert "An earlier one." in said
        assert "2 March 2026. Correct that one." in said
        later = browser.post(url, {"day": "2031-01-01", "comment": "A typing mistake."})
        assert (later.status_code, "A typing mistake." in later.content.decode()) == (422, True)

    def test_an_entry_is_corrected(self, story: Story) -> None:
        account = story.account(last_used_on=date(2026, 1, 5))
        browser, url = browser_of(story.support), reverse("account_use", args=[account.pk])
        assert "corrects" not in browser.get(url).content.decode()
        browser.post(url, {"day": "2026-03-02", "comment": "They called us."})
        assert "corrects" in browser.get(url).content.decode()
        assert browser.post(url, {"day": "", "corrects": "on", "comment": "Another client."}).status_code == 302
        assert Account.objects.get(pk=account.pk).last_used_on == date(2026, 1, 5)
        assert Event.objects.filter(subject_id=account.pk).latest("seq").verb == "correct_use"

    def test_which_feed_and_which_figure(self, story: Story) -> None:
        account = story.account(client_id="alpha")
        take(call())
        said = browser_of(story.administrator).get(reverse("staff_account", args=[account.pk])).content.decode()
        assert "Successful calls" in said
        assert "Usage files" in said
        assert "Write down a use" not in said
        assert LastUse.objects.get().received_at

    @pytest.mark.parametrize("who", ["responsible", "administrator"])
    def test_only_support(self, story: Story, who: str) -> None:
        url = reverse("account_use", args=[story.account().pk])
        assert browser_of(getattr(story, who)).post(url, {"day": "2026-03-02", "comment": "x"}).status_code == 403

    def test_the_owner_sees_no_such_page(self, story: Story) -> None:
        url = reverse("account_use", args=[story.account().pk])
        assert browser_of(story.ingrid).get(url).status_code in (403, 404)


def test_a_feed_that_the_portal_fetches_says_why_it_failed(story: Story) -> None:
    from accounts.actions.feeds import set_graph_feed
    from accounts.actions.usage_history import failed

    made = set_graph_feed(
        story.test, tenant="contoso.example", client_id="app", secret="s3cret", states_coverage=False, by=SYSTEM,
        now=NOW,
    )  # fmt: skip
    assert "Says who was used, not who was silent" in page(story)
    failed(made, "The report did not come in time.", now=NOW)
    said = page(story)
    assert "The report did not come in time." in said
    assert "Fetched from Microsoft Graph" in said
    assert (Feed.objects.count(), UsageBatch.objects.count()) == (1, 0)
