"""Short histories, told and not drawn: each goes to the edge of one condition. ``World`` holds both sides together."""

from __future__ import annotations

from datetime import date

from accounts.models import Event
from tests.property.plain import DAY
from tests.property.world import World
from tests.story import Story

START = date(2026, 11, 23)


def world(story: Story, *silent: int | None) -> World:
    """Accounts in TEST that have been silent for so many days (None: unknown), and a feed up to yesterday."""
    made = World(story, START)
    for days in silent:
        made.bring("TEST", START - days * DAY if days else None)
    made.feed("TEST", START - DAY, START - 500 * DAY, [])
    return made


def fed_check(made: World, *, after: int = 0) -> None:
    """So many days later the feed has come, and the check runs."""
    made.pass_days(after)
    made.goes_on("TEST", made.today, [])
    made.check()


def around_the_year(story: Story) -> None:
    made = world(story, 363, 364, 365, 366)
    for _day in range(4):
        fed_check(made, after=1)


def never_delivered(story: Story) -> None:
    made = world(story, 400)
    made.check()
    made.post(away=True)
    fed_check(made, after=40)


def around_the_last_day_to_answer(story: Story) -> None:
    made = world(story, 400)
    made.check()
    made.pass_days(1)
    made.post()
    fed_check(made, after=30)
    fed_check(made, after=1)
    assert made.accounts[0].state == "suspended"


def _overdue(story: Story, *silent: int | None) -> World:
    made = world(story, *silent)
    made.check()
    made.post()
    made.pass_days(31)
    made.goes_on("TEST", made.today, [])
    return made


def answered_meanwhile(story: Story) -> None:
    made = _overdue(story, 400, 401)

    def answer() -> None:
        made.keep(made.accounts[0])
        made.close(made.accounts[1])

    made.check_amid(answer)


def used_meanwhile(story: Story) -> None:
    made = _overdue(story, 400, 401)
    made.check_amid(lambda: made.feed("TEST", made.today, made.today, [(0, 0, 200)]))


def used_before_the_notice(story: Story) -> None:
    made = world(story, 400)
    made.check_amid(lambda: made.feed("TEST", made.today, made.today, [(0, 0, 200)]))
    assert not Event.objects.filter(verb="notify").exists(), "notified although it was used a moment ago"


def used_again(story: Story) -> None:
    made = world(story, 400)
    made.check()
    made.post()
    made.pass_days(5)
    made.goes_on("TEST", made.today, [(0, 1, 200)])
    made.check()
    assert made.accounts[0].state == "active"


def two_runs_at_once(story: Story) -> None:
    made = _overdue(story, 400, 401)
    made.check_amid(made.run)
    assert Event.objects.filter(verb="suspend_for_inactivity").count() == 2, "not once for each account"


def reminded(story: Story) -> None:
    """14 and 3 days before the 30th; a run that was missed on the 16th is made up for by the next."""
    made, seen = world(story, 400), []
    made.check()
    made.post()
    for day in range(1, 32):
        made.pass_days(1)
        if day != 16:
            made.goes_on("TEST", made.today, [])
            made.check()
            made.post()
        seen += [day] * (Event.objects.filter(verb="remind").count() - len(seen))
    assert seen == [17, 27]


def everybody_refuses(story: Story) -> None:
    made = world(story, 400)
    made.check()
    made.office.refused |= {"owner-0@nordsjo.example", "tech-0@nordsjo.example"}
    made.post()
    fed_check(made, after=1)
    held = [entry.reason for entry in made.run() if entry.kind == "held"]
    assert held == ["notice_not_delivered"]


def held(story: Story) -> None:
    made = world(story, 400)
    made.check()
    made.hold(made.accounts[0], 20)
    for _time in range(3):
        fed_check(made, after=10)
        made.post()


def feed_ends_before_the_period(story: Story) -> None:
    made = world(story, 400)
    made.check()
    made.post()
    made.goes_on("TEST", made.today, [])
    made.pass_days(32)
    made.check()
    made.accept_gap("TEST")  # nobody can say what happened: that is no feed
    made.check()
    assert made.accounts[0].state == "notified"


def days_missing_in_the_middle(story: Story) -> None:
    made = world(story, 400)
    made.check()
    made.post()
    made.pass_days(31)
    made.feed("TEST", made.today, START + 5 * DAY, [])
    made.check()
    made.accept_gap("TEST")
    made.check()
    assert made.accounts[0].state == "suspended"


def feed_stopped(story: Story) -> None:
    made = world(story, 364)
    made.pass_days(8)
    made.check()


def use_never_known(story: Story) -> None:
    made = World(story, START)
    made.bring("TEST", None)
    made.pass_days(51)
    made.feed("TEST", made.today - DAY, made.today - DAY, [])
    for after in (319, 45, 1):
        fed_check(made, after=after)
    assert made.accounts[0].state == "notified"


def everybody_bounces(story: Story) -> None:
    made = world(story, 400)
    made.check()
    made.post()
    for _contact in range(2):
        made.bounce(made.accounts[0], 0)
    fed_check(made, after=31)


def too_many_at_once(story: Story) -> None:
    made = world(story, 400, 401, 402)
    made.policy(mass_suspension_least=1)
    made.check()
    made.post()
    fed_check(made, after=31)
    made.confirm("TEST")
    made.check()
    assert {one.state for one in made.accounts} == {"suspended"}


def failed_calls(story: Story) -> None:
    made = world(story, 400)
    made.goes_on("TEST", made.today, [(0, 1, 500)])
    made.counts_agree()
    made.check()


def the_same_file(story: Story) -> None:
    made = world(story, 400)
    made.goes_on("TEST", made.today, [(0, 1, 200)])
    made.hand_in(*made.sent[-1])
    made.counts_agree()


def another_policy(story: Story) -> None:
    made = world(story, 400)
    made.policy(inactive_after_years=2)
    made.check()
