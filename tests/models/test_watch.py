"""How far usage is known: stretches of days out of feeds, imports' statements and accepted gaps."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from accounts.lifecycle.inactivity import Action, NoticeFacts, decide
from accounts.lifecycle.policy import Policy
from accounts.models import Account, Coverage
from accounts.models.watch import Watch, watch_of, watches
from tests.story import Story


def day(number: int) -> date:
    """The n-th day of the test's calendar."""
    return date(2026, 1, 1) + timedelta(days=number)


def covered(story: Story, *stretches: tuple[int, int], accepted: tuple[tuple[int, int], ...] = ()) -> Watch:
    for first, last in stretches:
        story.covered(day(first), day(last))
    for first, last in accepted:
        Coverage.objects.create(
            environment=story.test, source="accepted gap", first_day=day(first), last_day=day(last),
            received_at=story.now, accepted_by="Marte Lunde", reason="The gateway was down.",
        )  # fmt: skip
    return watch_of(story.test.pk)


def test_without_any_coverage_nothing_is_known(story: Story) -> None:
    watch = watch_of(story.test.pk)
    assert watch == Watch()
    assert watch.feed_through is None
    assert watch.known_through(day(5)) == day(5)
    assert watch.watched_since() is None
    assert watches() == {}


@pytest.mark.parametrize(
    ("stretches", "joined"),
    [
        ([(1, 5), (6, 9)], [(1, 9)]),  # touching
        ([(1, 5), (3, 9)], [(1, 9)]),  # overlapping
        ([(1, 9), (3, 5)], [(1, 9)]),  # one inside the other
        ([(6, 9), (1, 5)], [(1, 9)]),  # received out of order
        ([(1, 5), (7, 9)], [(1, 5), (7, 9)]),  # a day is missing
        ([(1, 1), (2, 2), (3, 3)], [(1, 3)]),
        ([(1, 20), (2, 3), (10, 12), (21, 22)], [(1, 22)]),
    ],
)
def test_stretches_are_joined_where_no_day_is_missing(
    story: Story, stretches: list[tuple[int, int]], joined: list[tuple[int, int]]
) -> None:
    watch = covered(story, *stretches)
    assert watch.stretches == tuple((day(first), day(last)) for first, last in joined)
    assert watch.feed_through == day(max(last for _first, last in stretches))


@pytest.mark.parametrize(
    ("after", "through"),
    [
        (-5, -5),  # the day after is unknown
        (8, 8),
        (9, 20),  # the next day is the first of a stretch
        (10, 20),
        (15, 20),
        (20, 20),
        (21, 21),
        (28, 28),
        (29, 40),
        (35, 40),
        (40, 40),
        (99, 99),
    ],
)
def test_known_through_is_the_last_day_without_a_gap(story: Story, after: int, through: int) -> None:
    assert covered(story, (10, 20), (30, 40)).known_through(day(after)) == day(through)


def test_an_accepted_gap_closes_it_and_is_no_feed(story: Story) -> None:
    watch = covered(story, (10, 20), (30, 40), accepted=((21, 29), (41, 60)))
    assert watch.known_through(day(12)) == day(60)
    assert watch.feed_through == day(40)


def test_an_accepted_gap_alone_is_no_feed_at_all(story: Story) -> None:
    watch = covered(story, accepted=((1, 30),))
    assert watch.feed_through is None
    assert watch.known_through(day(0)) == day(30)


def test_each_environment_has_its_own_watch(story: Story) -> None:
    story.covered(day(1), day(5))
    story.covered(day(3), day(9), story.production)
    found = watches()
    assert found[story.test.pk].feed_through == day(5)
    assert found[story.production.pk].stretches == ((day(3), day(9)),)
    assert found[story.test.pk] == watch_of(story.test.pk)


def facts_of(story: Story, watch: Watch, **columns: date | None) -> tuple[date, date]:
    account = story.account(**{"activated_on": day(0), "stated_through": None, **columns})
    facts = watch.facts(account, None)
    return facts.last_activity_on, facts.known_through


def test_the_silent_period_is_known_from_the_last_activity_on(story: Story) -> None:
    watch = covered(story, (5, 20), (30, 40))
    assert facts_of(story, watch, last_used_on=day(10)) == (day(10), day(20))
    assert facts_of(story, watch, last_used_on=day(25)) == (day(25), day(25))
    assert facts_of(story, watch, last_used_on=day(29)) == (day(29), day(40))


def test_a_day_before_the_last_activity_may_be_unknown(story: Story) -> None:
    watch = covered(story, (30, 40))
    assert facts_of(story, watch, last_used_on=day(30)) == (day(30), day(40))


def test_an_import_states_every_day_up_to_it(story: Story) -> None:
    """DOMAIN.md: an imported last use is a statement about every day up to the import."""
    watch = covered(story, (30, 40))
    assert facts_of(story, watch, last_used_on=day(10), stated_through=day(29)) == (day(10), day(40))
    assert facts_of(story, watch, last_used_on=day(10), stated_through=day(28)) == (day(10), day(28))


def test_a_statement_older_than_the_last_activity_takes_nothing_away(story: Story) -> None:
    watch = covered(story, (30, 40))
    assert facts_of(story, watch, last_used_on=day(35), stated_through=day(10)) == (day(35), day(40))


def test_unknown_last_use_counts_from_the_day_we_began_to_watch(story: Story) -> None:
    watch = covered(story, (50, 90))
    unknown = {"last_used_on": None, "watched_from": day(20), "stated_through": None}
    assert facts_of(story, watch, **unknown) == (day(50), day(90))
    assert facts_of(story, covered(story, (5, 49)), **unknown) == (day(20), day(90))


def test_an_unknown_last_use_without_any_feed_counts_from_the_import(story: Story) -> None:
    unknown = {"last_used_on": None, "watched_from": day(20), "stated_through": None}
    assert facts_of(story, Watch(), **unknown) == (day(20), day(20))


def test_a_gap_before_the_notice_begins_the_watch_anew_and_one_after_it_does_not(story: Story) -> None:
    watch = covered(story, (20, 60), (62, 90))
    account = story.account(activated_on=day(0), last_used_on=None, watched_from=day(20), stated_through=None)
    assert watch.facts(account, None).last_activity_on == day(62)
    before, after = NoticeFacts(opened_on=day(60)), NoticeFacts(opened_on=day(62))
    assert watch.facts(account, before).last_activity_on == day(20)
    assert watch.facts(account, before).known_through == day(60)
    assert watch.facts(account, after).last_activity_on == day(62)


@pytest.mark.parametrize("column", ["kept_on", "reactivated_on"])
def test_an_answer_ends_the_not_knowing(story: Story, column: str) -> None:
    watch = covered(story, (50, 90))
    columns = {"last_used_on": None, "watched_from": day(20), column: day(30)}
    assert facts_of(story, watch, **columns)[0] == day(30)


def test_an_imported_account_of_unknown_use_is_not_notified_before_a_whole_year_was_watched(story: Story) -> None:
    story.covered(day(30), day(900))
    account: Account = story.account(
        activated_on=day(-2000), last_used_on=None, watched_from=day(10), stated_through=None
    )
    facts = watch_of(story.test.pk).facts(account, None)
    assert decide(facts, Policy(), day(30 + 365)).action is Action.NOTHING
    assert decide(facts, Policy(), day(30 + 366)).action is Action.NOTIFY


def test_reading_the_watches_is_one_query(story: Story, django_assert_num_queries: object) -> None:
    story.covered(day(1), day(5))
    story.covered(day(1), day(5), story.production)
    with django_assert_num_queries(1):  # type: ignore[operator]
        watches()
