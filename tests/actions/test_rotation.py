"""Secret rotation: asked for by the owner, added by Cegal, verified, collected once, confirmed; the old one goes."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actions import credentials, new_secret, ordering, provider, rotation
from accounts.actions.rotation import Which
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.models import Account, Credential, Event, Order, Task
from tests.actions import rotating
from tests.actions.rotating import FIRST, SECOND, Works, account_with_secret, asked, collected, entered, verify
from tests.actions.tools import INGRID, SILJE, SUPPORT, TOR, at_once, history, nothing_written, told
from tests.story import Story

works = rotating.works
TODAY = date(2026, 11, 23)
pytestmark = pytest.mark.usefixtures("works")


@pytest.fixture
def account(story: Story) -> Account:
    return account_with_secret(story)


def of(account: Account, verb: str) -> Event:
    return Event.objects.filter(subject_id=account.pk, verb=verb).latest("seq")


class TestAsking:
    def test_the_order_is_at_cegal_at_once(self, story: Story, account: Account) -> None:
        order = Order.objects.get(pk=asked(story, account).pk)
        assert (order.kind, order.concerns, order.state) == ("secret_rotation", account, "cegal_setup")
        assert (order.requester, list(order.environments.all())) == (story.ingrid, [account.environment])
        assert history(order) == ["submit", "send_to_cegal"]
        sent = Event.objects.get(subject_id=order.pk, verb="send_to_cegal")
        assert (sent.actor_kind, told(sent)) == ("system", {"order_to_set_up": {SILJE}})
        assert told(of(account, "ask_for_rotation")) == {"rotation_asked": {INGRID, TOR}}

    def test_an_account_that_was_imported_has_one_too(self, story: Story) -> None:
        """There is no form: what the portal does not know of the account keeps nobody from a new secret."""
        assert asked(story, story.account(system="", technical_name="")).state == "cegal_setup"

    def test_the_technical_contact_asks_in_their_own_name(self, story: Story, account: Account) -> None:
        story.tor = story.person(TOR, "Tor Teknisk")  # type: ignore[attr-defined]
        assert asked(story, account, "tor").requester.email == TOR

    def test_support_asks_on_the_owners_behalf_with_a_reason(self, story: Story, account: Account) -> None:
        with nothing_written(), pytest.raises(NotReady, match="Write a reason"):
            asked(story, account, "support")
        order = asked(story, account, "support", comment="Asked for by phone.")
        assert order.requester == story.ingrid
        submit = Event.objects.get(subject_id=order.pk, verb="submit")
        assert (submit.actor_name, submit.comment) == ("Marte Lunde", "Asked for by phone.")

    @pytest.mark.parametrize("who", ["stranger", "cegal", "responsible", "administrator"])
    def test_nobody_else(self, story: Story, account: Account, who: str) -> None:
        with nothing_written(), pytest.raises(NotAllowed, match="can replace its secret"):
            asked(story, account, who, comment="Because.")

    @pytest.mark.parametrize("state", ["pending", "suspended", "closed"])
    def test_only_an_account_in_use(self, story: Story, state: str) -> None:
        account = story.account_in(state)
        with nothing_written(), pytest.raises(NotReady, match="in use can get a new secret"):
            asked(story, account)

    def test_a_notified_account_is_in_use(self, story: Story) -> None:
        assert asked(story, story.account_in("notified")).state == "cegal_setup"

    def test_one_at_a_time(self, story: Story, account: Account) -> None:
        first = asked(story, account)
        with nothing_written(), pytest.raises(NotReady, match=f"Order {first.reference} already asks"):
            asked(story, account)
        with nothing_written(), pytest.raises(NotReady, match=f"Order {first.reference} already asks"):
            new_secret.ask_for_new_secret(account, by=story.actor("support"), now=story.now)

    def test_not_while_a_secret_waits_to_be_collected_or_cegal_was_asked(self, story: Story) -> None:
        waits = story.order_in("issued").accounts.get()
        with nothing_written(), pytest.raises(NotReady, match="still waits for its owner"):
            asked(story, waits)
        lost = story.account()
        new_secret.ask_for_new_secret(lost, by=story.actor("support"), now=story.now)
        with nothing_written(), pytest.raises(NotReady, match="Cegal was asked for a new secret already"):
            asked(story, lost)

    def test_handed_back_it_can_be_withdrawn_or_sent_again_and_is_not_reopened(
        self, story: Story, account: Account
    ) -> None:
        order = Order.objects.select_related("concerns").get(pk=asked(story, account).pk)
        with nothing_written(), pytest.raises(NotReady):
            story.do(order, "withdraw", "ingrid")
        story.do(order, "hand_back", "cegal", comment="Unknown client.")
        story.do(order, "send_to_cegal", "support")
        story.do(order, "hand_back", "cegal", comment="Still unknown.")
        story.do(order, "withdraw", "ingrid")
        with nothing_written(), pytest.raises(NotReady, match="on the account’s page"):
            ordering.reopen(order, by=story.actor("ingrid"), now=story.now)
        assert asked(story, account).state == "cegal_setup", "and another one can be asked for"


class TestTheSecondSecret:
    def test_verified_it_is_handed_over_by_the_portal(self, story: Story, account: Account) -> None:
        order = asked(story, account)
        new = entered(story, order)
        assert (new.ending, new.key_id, new.collect_by) == ("xyz", "k-2", None)
        completed = Event.objects.get(subject_id=order.pk, verb="complete_setup")
        assert told(completed) == {}, "nobody at Support has anything to do"
        verify(story)
        issued = Event.objects.get(subject_id=order.pk, verb="issue_credentials")
        assert (issued.actor_kind, told(issued)) == ("system", {})
        assert told(of(account, "issue_second_secret")) == {"rotation_ready": {INGRID, TOR}}
        assert Order.objects.get(pk=order.pk).state == "issued"
        assert Account.objects.get(pk=account.pk).state == "active"

    def test_one_that_does_not_work_waits_for_support(self, story: Story, account: Account, works: Works) -> None:
        works(FIRST)
        order = asked(story, account)
        entered(story, order)
        verify(story)
        assert Order.objects.get(pk=order.pk).state == "credential_issue"
        waits = Event.objects.get(subject_id=order.pk, verb="rotation_waits")
        assert told(waits) == {"rotation_not_verified": SUPPORT}
        account = Account.objects.get(pk=account.pk)
        new_secret.ask_for_new_secret(account, by=story.actor("support"), now=story.now)
        order = Order.objects.select_related("concerns").get(pk=order.pk)
        with nothing_written(), pytest.raises(NotReady, match="no second secret yet"):
            story.do(order, "issue_credentials", "support", override="on", comment="Never mind.")
        works(FIRST, SECOND)
        rotating.later(story, minutes=1)
        new_secret.enter_new_secret(account, client_secret=SECOND, by=story.actor("cegal"), now=story.now)
        again = Credential.objects.get(account=account, destroyed_at=None)
        assert (again.rotation, again.collect_by) == (order, None), "it is a second secret as the wrong one was"
        verify(story)
        assert Order.objects.get(pk=order.pk).state == "issued"

    def test_cegal_enters_one(self, story: Story, account: Account) -> None:
        order = Order.objects.select_related("concerns").get(pk=asked(story, account).pk)
        with nothing_written(), pytest.raises(Exception, match="Paste the second client secret"):
            story.do(order, "complete_setup", "cegal")

    def test_collecting_it_starts_the_overlap(self, story: Story, account: Account) -> None:
        new = collected(story, account)
        assert (new.overlap_until, new.overlap_ended_at) == (TODAY + timedelta(days=14), None)
        revealed = of(account, "reveal_secret")
        assert told(revealed) == {"rotation_collected": {INGRID, TOR}}
        assert revealed.data == {"until": "2026-12-07"}
        assert rotating.to_remove(account) == []


class TestTheOldSecretGoes:
    def test_the_owner_says_that_the_new_one_is_in_use(self, story: Story, account: Account) -> None:
        old = account.credentials.get()
        new = collected(story, account)
        rotation.confirm_in_use(account, by=story.actor("ingrid"), now=story.now)
        assert rotating.to_remove(account) == [old]
        new.refresh_from_db()
        assert (new.overlap_ended_at, new.in_use_at) == (story.now, story.now)
        provider.confirm(Task.objects.get(account=account, done_at=None), by=story.actor("cegal"), now=story.now)
        assert Credential.objects.get(pk=old.pk).removed_at == story.now
        assert told(of(account, "confirm_task")) == {"old_secret_removed": {INGRID, TOR}}

    def test_a_test_of_the_new_secret_says_so_too(self, story: Story, account: Account, works: Works) -> None:
        collected(story, account)
        by = story.actor("ingrid")
        assert rotation.test_new_secret(account, FIRST, by=by, now=story.now).which is Which.OLD
        works(FIRST)
        assert not rotation.test_new_secret(account, SECOND, by=by, now=story.now).check.ok
        assert rotating.to_remove(account) == [], "the old secret works, and the new one did not"
        works(FIRST, SECOND)
        tested = rotation.test_new_secret(account, SECOND, by=by, now=story.now)
        assert (tested.which, tested.check.ok) == (Which.NEW, True)
        assert len(rotating.to_remove(account)) == 1
        data = of(account, "test_connection").data
        assert data == {"token": "ok", "elapsed_ms": 12, "which": "new"}, "and nothing of the secret"

    def test_two_secrets_that_end_alike_cannot_be_told_apart(self, story: Story, works: Works) -> None:
        account = account_with_secret(story, "the-first-secret-is-xyz")
        collected(story, account)
        assert rotation.test_new_secret(account, SECOND, by=story.actor("ingrid"), now=story.now).which is Which.UNKNOWN
        assert rotating.to_remove(account) == []

    @pytest.mark.parametrize("who", ["stranger", "support", "cegal"])
    def test_only_who_has_the_secret_says_so(self, story: Story, account: Account, who: str) -> None:
        collected(story, account)
        by = story.actor(who)
        with nothing_written():
            with pytest.raises(NotAllowed):
                rotation.confirm_in_use(account, by=by, now=story.now)
            with pytest.raises(NotAllowed):
                rotation.test_new_secret(account, SECOND, by=by, now=story.now)
            with pytest.raises(NotAllowed):
                rotation.keep_both(account, until=TODAY, comment="So.", by=by, now=story.now)

    def test_an_account_from_before_the_portal_loses_whatever_it_had(self, story: Story) -> None:
        account = story.account()
        collected(story, account)
        rotation.confirm_in_use(account, by=story.actor("ingrid"), now=story.now)
        assert rotating.to_remove(account) == [None]
        rotating.remove_all(story, account)
        first = Credential.objects.get(account=account)
        collected(story, account, rotating.THIRD)
        rotation.confirm_in_use(account, by=story.actor("ingrid"), now=story.now)
        assert rotating.to_remove(account) == [first], "and that only once"

    def test_keeping_both_takes_back_a_removal_that_is_not_done(self, story: Story, account: Account) -> None:
        collected(story, account)
        by = story.actor("ingrid")
        rotation.confirm_in_use(account, by=by, now=story.now)
        until = TODAY + timedelta(days=40)
        rotation.keep_both(account, until=until, comment="One server is not changed.", by=by, now=story.now)
        assert rotating.to_remove(account) == []
        rotating.days(story, 36)
        assert "announce_removal" not in history(Account.objects.get(pk=account.pk))
        rotation.confirm_in_use(account, by=by, now=story.now)
        rotating.remove_all(story, account)
        with nothing_written(), pytest.raises(NotReady, match="removed already"):
            rotation.keep_both(account, until=until, comment="Too late.", by=by, now=story.now)

    def test_keeping_both_needs_a_reason_and_a_day_that_can_be(self, story: Story, account: Account) -> None:
        collected(story, account)
        by = story.actor("ingrid")
        with nothing_written():
            for until, comment, said in [
                (TODAY + timedelta(days=9), " ", "Write a reason"),
                (TODAY, "So.", "later than today"),
                (TODAY + timedelta(days=61), "So.", "2027-01-22 is the latest"),
            ]:
                with pytest.raises(NotReady, match=said):
                    rotation.keep_both(account, until=until, comment=comment, by=by, now=story.now)


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_make_one_order_and_one_removal(works: Works) -> None:
    story = Story()
    account = account_with_secret(story)
    by, now = story.actor("ingrid"), story.now

    def ask(_place: int) -> str:
        return rotation.ask(Account.objects.get(pk=account.pk), by=by, now=now).reference

    orders = at_once(4, ask)
    assert Order.objects.filter(concerns=account).count() == 1
    assert sum("already asks for this" in said for said in orders) == 3
    new = entered(story, Order.objects.get(concerns=account))
    verify(story)
    credentials.reveal(Credential.objects.get(pk=new.pk), by=by, now=now)

    def confirm(_place: int) -> str:
        return rotation.confirm_in_use(Account.objects.get(pk=account.pk), by=by, now=now).verb

    said = at_once(4, confirm)
    assert said.count("confirm_in_use") == 1
    assert Task.objects.filter(kind="remove_secret").count() == 1


@pytest.mark.django_db(transaction=True)
def test_testing_confirming_and_keeping_at_once_leave_one_truth(works: Works) -> None:
    """Either the old secret stays and nobody is asked to remove it, or its removal is asked for once."""
    story = Story()
    account = account_with_secret(story)
    new = collected(story, account)
    by, now = story.actor("ingrid"), story.now
    until = timezone.localdate(now) + timedelta(days=30)
    Credential.objects.filter(pk=new.pk).update(verified_at=None)  # issued with a reason, and not seen to work yet

    def one(place: int) -> object:
        mine = Account.objects.select_related("environment", "owner").get(pk=account.pk)
        if place % 3 == 0:
            return rotation.test_new_secret(mine, SECOND, by=by, now=now).event
        if place % 3 == 1:
            return rotation.keep_both(mine, until=until, comment="So.", by=by, now=now).verb
        return rotation.confirm_in_use(mine, by=by, now=now).verb

    at_once(9, one)
    new.refresh_from_db()
    open_ones = Task.objects.filter(account=account, kind="remove_secret", done_at=None)
    assert open_ones.count() == (0 if new.overlap_ended_at is None else 1)
    assert (new.in_use_at is None) is (new.overlap_ended_at is None)


def test_a_test_takes_the_account_before_the_secret(story: Story, account: Account) -> None:
    """As whoever keeps or confirms does: two who take them in another order wait for each other."""
    new = collected(story, account)
    Credential.objects.filter(pk=new.pk).update(verified_at=None)
    with CaptureQueriesContext(connection) as seen:
        rotation.test_new_secret(account, SECOND, by=story.actor("ingrid"), now=story.now)
    said = [query["sql"] for query in seen]
    stamped = next(place for place, sql in enumerate(said) if sql.startswith('UPDATE "accounts_credential"'))
    began = max(place for place in range(stamped) if said[place].startswith(("BEGIN", "SAVEPOINT")))
    assert any('FROM "accounts_account"' in sql for sql in said[began:stamped])


def test_who_was_second_is_told(story: Story, account: Account) -> None:
    new = collected(story, account)
    by = story.actor("ingrid")
    rotation.confirm_in_use(account, by=by, now=story.now)
    with nothing_written(), pytest.raises(NotReady, match="no new secret whose old one waits"):
        rotation.confirm_in_use(account, by=by, now=story.now)
    with nothing_written(), pytest.raises(LostRace, match="collected the client secret"):
        credentials.reveal(new, by=by, now=story.now)
