"""The real portal and the plain rules side by side: each deed is done to both, and nothing is read from the one for
the other but the names of things (which mail, which list)."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise
from unittest import mock

from accounts import people
from accounts.actions import (
    answers,
    bounces,
    brake,
    engine,
    finding_contact,
    handovers,
    holds,
    importing,
    inactivity,
    notices,
    usage,
    usage_gaps,
    usage_manual,
)
from accounts.actions.policy import change_policy
from accounts.delivery import again, post_room
from accounts.gateways.reports import Report
from accounts.lifecycle.actor import SYSTEM, Actor
from accounts.models import (
    Account,
    DailyUsage,
    Environment,
    Message,
    Notice,
    SuspensionList,
    Task,
    UnreachableAddress,
)
from tests.actions.checking import at
from tests.property import plain
from tests.property.plain import DAY, Plain, Where
from tests.property.post import PostOffice, bare
from tests.story import Story

COLUMNS = (
    "client_id,environment,organisation,organisation_number,owner_name,owner_email,technical_email,role,system,"
    "purpose,activated_on,last_used_on"
)
WHERE = ("TEST", "PRODUCTION")
Use = tuple[int, int, int]
"""Which account, how many days ago, with which HTTP status."""


class World:
    """One history. ``today`` is a day in Europe/Oslo; within it the time goes on by a minute a deed."""

    def __init__(self, story: Story, today: date) -> None:
        self.support, self.administrator = story.actor("support"), story.actor("administrator")
        self.today, self.minute = today, 0
        self.numbers = plain.Numbers()
        self.places = {name: Where() for name in WHERE}
        self.rows = {row.name: row for row in Environment.objects.filter(name__in=WHERE)}
        self.accounts: list[Plain] = []
        self.sent: list[tuple[str, str, date, date | None]] = []
        self.seen: set[tuple[str, str]] = set()
        self.calls: Counter[tuple[str, date]] = Counter()
        self.office = PostOffice(self._arrives)

    # --- time and names

    def now(self) -> datetime:
        """The next minute of today."""
        self.minute += 1
        return at(self.today, 6 + self.minute // 60, self.minute % 60)

    def row(self, account: Plain) -> Account:
        """The account as the database has it."""
        return Account.objects.select_related("owner", "environment", "organisation").get(client_id=account.name)

    def notice(self, account: Plain) -> Notice:
        """Its open notice."""
        return Notice.objects.get(account__client_id=account.name, outcome="open")

    def pick(self, number: int, *states: str) -> Plain | None:
        """One of the accounts in ``states``; None when there is none."""
        fitting = [account for account in self.accounts if account.state in states]
        return fitting[number % len(fitting)] if fitting else None

    def pass_days(self, days: int) -> None:
        """It is that many days later."""
        self.today += days * DAY
        self.minute = 0

    # --- accounts and usage

    def bring(self, environment: str, last_used: date | None) -> None:
        """Import an account with a last use, or with an unknown one."""
        number = len(self.accounts)
        name, activated = f"client-{number}", self.today - 800 * DAY
        line = (
            f"{name},{environment},Nordsjø Surplus AS,923609016,Owner {number},owner-{number}@nordsjo.example,"
            f"tech-{number}@nordsjo.example,seller,SAP,We send surplus valves from SAP to Loop every night.,"
            f"{activated},{last_used or ''}"
        )
        text = io.BytesIO(f"{COLUMNS}\n{line}\n".encode())
        importing.import_accounts(text, name="known.csv", by=SYSTEM, now=self.now())
        made = Plain(name, self.places[environment], activated, self.today if last_used else date.min)
        if last_used:
            made.said.add(last_used)
        else:
            made.unknown_since = self.today
        self.accounts.append(made)

    def feed(
        self, environment: str, through: date, since: date | None, uses: list[Use], source: str = "gateway"
    ) -> None:
        """A file of usage comes in."""
        lines = [
            json.dumps(
                {"timestamp": f"{self.today - ago * DAY}T10:00:00Z", "client_id": f"client-{number}", "status": status}
            )
            for number, ago, status in uses
        ]
        self.hand_in(environment, "".join(f"{line}\n" for line in lines), through, since, source)

    def goes_on(self, environment: str, through: date, uses: list[Use]) -> None:
        """A file that is complete since the one before it."""
        known = self.places[environment].known
        self.feed(environment, through, min(max(known) + DAY, through) if known else None, uses)

    def hand_in(self, environment: str, text: str, through: date, since: date | None, source: str = "gateway") -> None:
        """This very file comes in, perhaps not for the first time."""
        usage.take_in(
            io.BytesIO(text.encode()), environment=self.rows[environment], covers_through=through, covers_from=since,
            source=source, by=SYSTEM, now=self.now(),
        )  # fmt: skip
        self.sent.append((environment, text, through, since))
        through = min(through, self.today - DAY)  # today is not over: nobody can say of it that nothing happened
        calls = [json.loads(line) for line in text.splitlines()]
        days = [date.fromisoformat(call["timestamp"][:10]) for call in calls]
        where = self.places[environment]
        if since is None:
            follows = max(where.known) + DAY if where.known else date.min
            since = min((d for d in days if follows <= d <= through), default=max(through, follows))
        where.fed |= {since + number * DAY for number in range((through - since).days + 1)}
        if (environment, text) in self.seen:
            return
        self.seen.add((environment, text))
        for call, day in zip(calls, days, strict=True):
            account = next(one for one in self.accounts if one.name == call["client_id"])
            if call["status"] < 400 and account.where is where:
                account.used[day] = account.used.get(day, 0) + 1

    def write_down(self, account: Plain, day: date) -> None:
        """Support knows of a use."""
        usage_manual.record_use(self.row(account), day, reason="They called.", by=self.support, now=self.now())
        account.said.add(day)

    def accept_gap(self, environment: str) -> None:
        """Support accepts the earliest days that nobody spoke of; where there are none, those after the last file."""
        known = sorted(self.places[environment].known)
        gaps = [(a + DAY, b - DAY) for a, b in pairwise(known) if b > a + DAY]
        first, last = gaps[0] if gaps else (known[-1] + DAY, self.today - DAY)
        if first > last:
            return
        days = {"first_day": first, "last_day": last}
        usage_gaps.accept_gap(self.rows[environment], **days, by=self.support, reason="Lost for good.", now=self.now())
        self.places[environment].accepted |= {first + number * DAY for number in range((last - first).days + 1)}

    # --- mail

    def post(self, *, away: bool = False) -> None:
        """The post room works, and what follows from refusals is done."""
        self.office.away = away
        with mock.patch.object(post_room, "Line", self.office.line), mock.patch.object(post_room, "render", bare):
            for _again in range(3):
                post_room.deliver_due(self.now())
                bounces.follow(now=self.now())

    def _arrives(self, message: Message) -> None:
        if message.kind == "inactivity_notice" and message.notice is not None and message.notice.is_open:
            name = Account.objects.values_list("client_id", flat=True).get(pk=message.notice.account_id)
            account = next(one for one in self.accounts if one.name == name)
            assert account.round is not None, "a notice went out for an account that is not notified"
            account.round.accept(message.to_email, self.today, self.numbers)

    def bounce(self, account: Plain, number: int) -> None:
        """A mail that had arrived comes back."""
        if message := self._arrived(account, number):
            report = Report(message.pk, frozenset({message.to_email}), "5.1.1", "no such user")
            bounces.take_in(report, now=self.now())
            self._lose(account, message)

    def not_mine(self, account: Plain, number: int) -> None:
        """Somebody who got it says that it is not theirs."""
        if message := self._arrived(account, number):
            by = self.link(account, message.to_email)
            answers.not_mine(self.row(account), by=by, now=self.now(), comment="I left.")
            self._lose(account, message)

    def _arrived(self, account: Plain, number: int) -> Message | None:
        assert account.round is not None
        if not account.round.arrived:
            return None
        to = sorted(account.round.arrived)[number % len(account.round.arrived)]
        return Message.objects.get(notice=self.notice(account), kind="inactivity_notice", to_email=to)

    def _lose(self, account: Plain, message: Message) -> None:
        assert account.round is not None
        account.round.lose(message.to_email, self.numbers)

    def send_again(self) -> None:
        """Support sends again whatever was given up."""
        for message in Message.objects.filter(state="given_up", notice__outcome="open", kind="inactivity_notice"):
            again.send_again(message, by=self.support, now=self.now())

    def works_again(self) -> None:
        """Everybody can be reached again."""
        self.office.refused.clear()
        for address in UnreachableAddress.objects.filter(since__isnull=False):
            bounces.clear(address, by=self.support, now=self.now())

    def find_contact(self) -> None:
        """Support finds somebody for each account that reached nobody."""
        for task in Task.objects.filter(kind="find_contact", done_at=None, account__state="notified"):
            email = f"found-{Message.objects.count()}@nordsjo.example"
            given = {"name": "Found", "email": email, "from_now_on": False}
            finding_contact.ask_contact(task, **given, by=self.support, now=self.now())

    # --- answers, holds, policy

    def link(self, account: Plain, email: str) -> Actor:
        """Whoever follows the link in the mail to ``email``."""
        notice = self.notice(account)
        said = people.read_notice_token(people.notice_token(notice.pk, email))
        assert said is not None
        return people.link_actor(said, notice)

    def keep(self, account: Plain) -> None:
        """The answer "I still need it"."""
        owner = self.row(account).owner.email
        notices.keep(self.row(account), by=self.link(account, owner), now=self.now(), comment="Still needed.")
        account.kept.add(self.today)
        account.end_round("active")

    def hand_over(self, account: Plain) -> None:
        """To a colleague; a notified account is kept with it."""
        row = self.row(account)
        if row.handovers.filter(state="asked").exists():
            return
        given = {"email": "colleague@nordsjo.example", "name": "Kari", "comment": "She runs it."}
        handovers.hand_over(row, **given, by=self.support, now=self.now())
        if account.state == "notified":
            account.kept.add(self.today)
            account.end_round("active")

    def close(self, account: Plain) -> None:
        """For good."""
        notices.close(self.row(account), by=self.support, now=self.now(), comment="Not needed.")
        account.end_round("closed")

    def hold(self, account: Plain, days: int) -> None:
        """Support leaves it alone."""
        until = self.today + days * DAY
        holds.set_hold(self.row(account), until=until, by=self.support, now=self.now(), comment="A project.")
        account.held_until = until
        account.end_round("active")

    def lift(self, account: Plain) -> None:
        """No longer."""
        holds.lift_hold(self.row(account), by=self.support, now=self.now(), comment="It ended.")
        account.held_until = None

    def policy(self, **numbers: int) -> None:
        """The administrator changes numbers."""
        change_policy(numbers, by=self.administrator, now=self.now(), comment="Decided.")
        vars(self.numbers).update(numbers)

    def confirm(self, environment: str) -> None:
        """A person confirms the list that waits; it must be the one that the plain rules have."""
        row = SuspensionList.objects.filter(environment__name=environment, confirmed_at=None).first()
        waiting = self.places[environment].waiting
        assert (row is None) == (waiting is None), "a list waits in one of both alone"
        if row is not None and waiting is not None:
            assert set(row.accounts.values_list("client_id", flat=True)) == waiting[1]
            brake.confirm_list(row, by=self.support, now=self.now())
            for account in self.accounts:
                if account.name in waiting[1] and account.round is not None:
                    account.round.confirmed_by_lists_of.add(waiting[0])
            self.places[environment].waiting = None

    # --- the check

    def check(self) -> None:
        """The day's jobs; then both must agree on everybody, and doing it again changes nothing."""
        holds.end_holds(today=self.today, now=self.now(), by=SYSTEM)
        self.run()
        expected = plain.run(self.accounts, self.today, self.numbers)
        self.agree(f"after the run, which should have suspended {sorted(expected)}")

    def repeat(self) -> None:
        """A run right after a run does nothing more."""
        done = {entry.kind for entry in self.run()}
        assert done <= {"held"}, "a repeated run did something again"

    def check_amid(self, deed: Callable[[], None]) -> None:
        """Somebody acts after a run has decided and before it writes. Whoever it suspends, both moments must allow."""
        allowed = {one.name for one in self.accounts if one.may_be_suspended(self.today, self.numbers)}
        over = {one.name for one in self.accounts if one.state == "suspended"}
        waiting = [deed]

        def first(original: Callable[..., object]) -> Callable[..., object]:
            def wrapped(*args: object, **kwargs: object) -> object:
                if waiting:
                    waiting.pop()()
                return original(*args, **kwargs)

            return wrapped

        with (
            mock.patch.object(engine, "move_many", first(engine.move_many)),
            mock.patch.object(engine, "record", first(engine.record)),
        ):
            self.run()
        allowed &= {one.name for one in self.accounts if one.may_be_suspended(self.today, self.numbers)}
        suspended = set(Account.objects.filter(state="suspended").values_list("client_id", flat=True)) - over
        assert suspended <= allowed, f"suspended although somebody acted meanwhile: {sorted(suspended - allowed)}"
        self.check()

    def run(self) -> list[inactivity.Entry]:
        """The daily check alone."""
        return list(inactivity.check(today=self.today, now=self.now()))

    def agree(self, when: str = "") -> None:
        """The portal's states are those of the plain rules."""
        real = dict(Account.objects.values_list("client_id", "state"))
        assert real == {one.name: one.state for one in self.accounts}, when

    def counts_agree(self) -> None:
        """The calls of each account and day are counted once."""
        real = {(name, day): n for name, day, n in DailyUsage.objects.values_list("account__client_id", "day", "calls")}
        assert real == {(one.name, day): n for one in self.accounts for day, n in one.used.items()}


def days_before(today: date, days: int) -> date:
    """So many days ago."""
    return today - timedelta(days=days)
