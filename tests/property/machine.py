"""Random histories: what may happen to accounts, in any order, on any day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any, ClassVar

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.property.plain import DAY, Plain
from tests.property.world import WHERE, World
from tests.story import Story

STARTS = [date(2026, 11, 23), date(2027, 2, 27), date(2028, 2, 28), date(2029, 2, 28), date(2027, 3, 28)]
SILENT = [None, 366, 370, 365, 364, 350, 400]
numbers = st.integers(0, 7)
places = st.sampled_from(WHERE)
uses = st.lists(
    st.tuples(
        st.integers(0, 4), st.sampled_from([0, 1, 2, 20, 31, 45, 364, 366, 400]), st.sampled_from([200, 200, 500])
    ),
    max_size=2,
)
LITTLE = [1, 1, 2, 3]
LONG = [8, 16, 29, 30, 31, 32, 46, 100, 366]


class Histories(RuleBasedStateMachine):
    """Five accounts in two environments; every example is taken back afterwards."""

    story: Story
    ended: ClassVar[Counter[str]] = Counter()
    """The states in which accounts were when a history ended: a test that never suspends anybody shows nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()

    def teardown(self) -> None:
        """Leave the database as it was."""
        if hasattr(self, "world"):
            self.ended.update(account.state for account in self.world.accounts)
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    @initialize(
        start=st.sampled_from(STARTS),
        silent=st.tuples(*[st.sampled_from(SILENT)] * 5),
        watched=st.sampled_from([10, 300, 500]),
    )
    def begin(self, start: date, silent: tuple[int | None, ...], watched: int) -> None:
        """Accounts that have been silent for about a year, and a feed since a while."""
        self.world = World(self.story, start)
        for number, days in enumerate(silent):
            self.world.bring(WHERE[number == 4], start - days * DAY if days else None)
        for name in WHERE:
            self.world.feed(name, start - DAY, start - watched * DAY, [])

    # --- time, usage

    @rule(days=st.sampled_from(LITTLE))
    def some_days(self, days: int) -> None:
        self.world.pass_days(days)

    @rule(days=st.sampled_from(LONG))
    def many_days(self, days: int) -> None:
        self.world.pass_days(days)

    @rule(
        place=places, back=st.sampled_from([0, 1, 1, 1, 3, 9]), skipped=st.sampled_from([0, 0, 0, None, 1, 3]),
        called=uses, source=st.sampled_from(["gateway", "second"]),
    )  # fmt: skip
    def feed(self, place: str, back: int, skipped: int | None, called: list[Any], source: str) -> None:
        world, through = self.world, self.world.today - back * DAY
        since = None if skipped is None else max(world.places[place].fed, default=through) + (1 + skipped) * DAY
        world.feed(place, through, min(since, through) if since else None, called, source)
        world.counts_agree()

    @rule(number=numbers)
    def same_file_again(self, number: int) -> None:
        self.world.hand_in(*self.world.sent[number % len(self.world.sent)])
        self.world.counts_agree()

    @rule(number=numbers, ago=st.sampled_from([0, 1, 30, 370]))
    def write_down_a_use(self, number: int, ago: int) -> None:
        account = self.world.pick(number, "active", "notified")
        day = self.world.today - ago * DAY
        if account and day > max(account.said, default=date.min):
            self.world.write_down(account, day)

    @rule(place=places)
    def accept_a_gap(self, place: str) -> None:
        self.world.accept_gap(place)

    @precondition(lambda self: len(self.world.accounts) < 7)
    @rule(place=places, silent=st.sampled_from(SILENT))
    def bring_one_more(self, place: str, silent: int | None) -> None:
        self.world.bring(place, self.world.today - silent * DAY if silent else None)

    # --- the jobs

    @rule()
    def check(self) -> None:
        self.world.check()

    @rule()
    def check_twice(self) -> None:
        self.world.check()
        self.world.repeat()

    @rule(away=st.sampled_from([False, False, False, True]))
    def post(self, away: bool) -> None:
        self.world.post(away=away)

    @rule(days=st.sampled_from([1, 20, 29, 30, 31, 32, 45]), back=st.sampled_from([0, 1, 1, 2]))
    def the_usual_way(self, days: int, back: int) -> None:
        """Feeds are up to date, the check runs and its mails go out; some days later they are fed and checked again."""
        for after in (0, days):
            self.world.pass_days(after)
            for place in WHERE:
                self.world.goes_on(place, self.world.today - back * DAY, [])
            self.world.check()
            self.world.post()

    @rule(number=numbers, what=st.sampled_from(["keep", "use", "hold", "bounce", "close", "check", "not mine"]))
    def check_while_somebody_acts(self, number: int, what: str) -> None:
        account = self.world.pick(number, "notified")
        if account is not None:
            self.world.check_amid(lambda: self._deed(what, account))

    def _deed(self, what: str, account: Plain) -> None:
        world = self.world
        deeds: dict[str, Callable[[], Any]] = {
            "keep": lambda: world.keep(account),
            "use": lambda: self._use(account),
            "hold": lambda: world.hold(account, 20),
            "bounce": lambda: world.bounce(account, 0),
            "not mine": lambda: world.not_mine(account, 0),
            "close": lambda: world.close(account),
            "check": world.run,
        }
        deeds[what]()

    def _use(self, account: Plain) -> None:
        place = next(name for name, where in self.world.places.items() if where is account.where)
        call = (int(account.name.rsplit("-", 1)[1]), 0, 200)
        self.world.feed(place, max(account.where.fed), max(account.where.fed), [call])

    # --- people

    @rule(number=numbers)
    def keep(self, number: int) -> None:
        if account := self.world.pick(number, "notified"):
            self.world.keep(account)

    @rule(number=numbers)
    def hand_over(self, number: int) -> None:
        if account := self.world.pick(number, "notified", "active"):
            self.world.hand_over(account)

    @precondition(lambda self: sum(one.state == "closed" for one in self.world.accounts) < 1)
    @rule(number=numbers)
    def close(self, number: int) -> None:
        if account := self.world.pick(number, "notified"):
            self.world.close(account)

    @rule(number=numbers, which=numbers)
    def not_mine(self, number: int, which: int) -> None:
        if account := self.world.pick(number, "notified"):
            self.world.not_mine(account, which)

    @rule(number=numbers, which=numbers)
    def bounce(self, number: int, which: int) -> None:
        if account := self.world.pick(number, "notified"):
            self.world.bounce(account, which)

    @rule(number=numbers, who=st.sampled_from(["owner", "tech", "owner"]))
    def refuse(self, number: int, who: str) -> None:
        self.world.office.refused.add(f"{who}-{number % 5}@nordsjo.example")

    @rule()
    def support_helps(self) -> None:
        self.world.works_again()
        self.world.send_again()
        self.world.find_contact()

    @rule(number=numbers, days=st.sampled_from([1, 20, 40, 200]))
    def hold(self, number: int, days: int) -> None:
        if account := self.world.pick(number, "notified", "active"):
            self.world.hold(account, days)

    @rule(number=numbers)
    def lift(self, number: int) -> None:
        account = self.world.pick(number, "active")
        if account and account.held(self.world.today):
            self.world.lift(account)

    @rule(
        name=st.sampled_from(["inactive_after_years", "answer_days", "feed_max_age_days", "mass_suspension_least"]),
        small=st.booleans(),
    )
    def policy(self, name: str, small: bool) -> None:
        ways = {"inactive_after_years": (1, 2), "answer_days": (20, 45), "feed_max_age_days": (2, 30)}
        self.world.policy(**{name: ways.get(name, (1, 10))[not small]})

    @rule(place=places)
    def confirm(self, place: str) -> None:
        self.world.confirm(place)

    # --- always

    @invariant()
    def both_agree(self) -> None:
        if hasattr(self, "world"):
            self.world.agree()
