"""Operations: a connector does Cegal's work by the same verbs, once, whatever breaks, and people can take over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from accounts.actions import new_secret, operation_ends, operations, ordering, provider, results, rotation, setup
from accounts.actions.secrets import opened
from accounts.gateways import loop
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.models import Account, Credential, Event, Operation, Order, Task
from accounts.models.setup import Setup
from tests.actions import rotating
from tests.actions.connecting import Connected, connected, states
from tests.actions.tools import SILJE, SUPPORT, contents, history, told
from tests.gateways.fake_graph import SECRET, TOKEN, FakeGraph, Trouble, graph_running
from tests.story import Story

pytestmark = pytest.mark.django_db


@pytest.fixture
def graph() -> Iterator[FakeGraph]:
    with graph_running() as found:
        yield found


@pytest.fixture
def on(story: Story, graph: FakeGraph) -> Iterator[Connected]:
    """TEST by Microsoft Entra ID, PRODUCTION by people."""
    with connected(story) as found:
        found.by_entra(story.test, graph)
        yield found


def again(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


class TestSetUp:
    def test_an_order_is_set_up_without_anybody(self, story: Story, graph: FakeGraph, on: Connected) -> None:
        order = story.order_in("cegal_setup")
        counts = on.work()
        assert counts == {"opened": 1, "answered": 1, "done": 1}
        assert again(order).state == "credential_issue"
        account = order.accounts.get()
        credential = account.credentials.get()
        assert graph.works(account.client_id, opened(credential))
        (row,) = graph.passwords(account.client_id)
        assert (credential.key_id, str(credential.expires_on)) == (row["keyId"], row["endDateTime"][:10])
        done = Event.objects.get(subject_id=order.pk, verb="complete_setup")
        assert (done.actor_kind, done.actor_name) == ("system", "Microsoft Entra ID (TEST)")
        assert states() == [("set_up", "done")]
        assert on.work(minutes=5) == {}

    def test_people_are_told_of_what_they_have_to_do_alone(self, story: Story, graph: FakeGraph, on: Connected) -> None:
        for environments, told_cegal in ((("TEST",), False), (("TEST", "PRODUCTION"), True)):
            order = story.order_in("cegal_setup", environments=environments)
            sent = Event.objects.get(subject_id=order.pk, verb="send_to_cegal")
            assert ("order_to_set_up" in told(sent)) is told_cegal

    def test_a_mixed_order_waits_for_what_people_enter(self, story: Story, graph: FakeGraph, on: Connected) -> None:
        order = story.order_in("cegal_setup", environments=("TEST", "PRODUCTION"))
        assert on.work() == {"opened": 1, "answered": 1, "waiting": 1}
        assert again(order).state == "cegal_setup"
        entered = [Setup(story.production, "by-hand", "secret-by-hand")]
        setup.complete_setup(order, setups=entered, by=story.actor("cegal"), now=on.now)
        ids = dict(order.accounts.values_list("environment__name", "client_id"))
        assert ids["PRODUCTION"] == "by-hand"
        assert list(graph.apps) == [ids["TEST"]]
        assert states() == [("set_up", "done")]
        assert not Operation.objects.exclude(sealed_secret="").exists()

    def test_people_cannot_complete_what_is_not_there_yet(self, story: Story, graph: FakeGraph, on: Connected) -> None:
        order = story.order_in("cegal_setup", environments=("TEST", "PRODUCTION"))
        entered = [Setup(story.production, "by-hand", "secret-by-hand"), Setup(story.test, "", "")]
        with pytest.raises(NotReady, match="for TEST"):
            setup.complete_setup(order, setups=entered, by=story.actor("cegal"), now=on.now)

    def test_by_hand_wins_over_what_the_connector_has_made(self, story: Story, graph: FakeGraph, on: Connected) -> None:
        order = story.order_in("cegal_setup", environments=("TEST", "PRODUCTION"))
        on.work()
        both = [Setup(story.production, "p", "secret-p"), Setup(story.test, "t", "secret-t")]
        setup.complete_setup(order, setups=both, by=story.actor("cegal"), now=on.now)
        assert set(order.accounts.values_list("client_id", flat=True)) == {"p", "t"}
        assert states() == [("set_up", "dropped")]

    def test_sent_again_after_a_hand_back_it_is_the_same_client(
        self, story: Story, graph: FakeGraph, on: Connected
    ) -> None:
        order = story.order_in("cegal_setup", environments=("TEST", "PRODUCTION"))
        on.work()
        story.do(order, "hand_back", "cegal", comment="Which system?")
        assert on.work(minutes=1) == {"dropped": 1}
        story.now += timedelta(minutes=5)
        story.do(again(order), "send_to_cegal", "support")
        on.work(minutes=5)
        assert len(graph.apps) == 1
        (client_id,) = graph.apps
        assert len(graph.passwords(client_id)) == 1
        assert states() == [("set_up", "dropped"), ("set_up", "answered")]

    def test_a_reactivation_is_enabled_and_gets_the_secret_that_it_needs(
        self, story: Story, graph: FakeGraph, on: Connected
    ) -> None:
        account = story.account_in("suspended")  # by a person, so its secret may have leaked
        graph.put(account.client_id, enabled=False)
        on.work()
        story.do(order := self._asked(story, account), "submit", "ingrid")
        for verb, who in (("send_for_approval", "support"), ("approve", "responsible"), ("send_to_cegal", "support")):
            story.do(again(order), verb, who)
        on.work(minutes=1)
        assert again(order).state == "credential_issue"
        assert graph.works(account.client_id, opened(account.credentials.get(destroyed_at=None)))
        assert states(order=order) == [("add_secret", "done"), ("enable", "done")]
        assert not Task.objects.open().exists()

    def _asked(self, story: Story, account: Account) -> Order:
        order = ordering.start_reactivation(account, by=story.actor("ingrid"), now=story.now)
        kept = {"technical_name": "Tor", "technical_email": "tor@nordsjo.example", "system": "SAP"}
        ordering.save_answers(order, kept, by=story.actor("ingrid"), now=story.now)
        return order


class TestTasks:
    def test_a_suspension_bites_by_itself(self, story: Story, graph: FakeGraph, on: Connected) -> None:
        account = story.account()
        graph.put(account.client_id)
        story.do(account, "suspend", "support", comment="It leaked.")
        assert on.work() == {"opened": 1, "answered": 1, "done": 1}
        assert graph.principals[account.client_id]["accountEnabled"] is False
        assert account.tasks.get().done_by == "Microsoft Entra ID (TEST)"
        assert history(account)[-1] == "confirm_task"

    def test_a_new_secret_is_made_and_entered(self, story: Story, graph: FakeGraph, on: Connected) -> None:
        account = story.account()
        graph.put(account.client_id)
        new_secret.ask_for_new_secret(account, by=story.actor("support"), now=story.now)
        on.work()
        credential = account.credentials.get()
        assert graph.works(account.client_id, opened(credential))
        assert credential.key_id == graph.passwords(account.client_id)[0]["keyId"]
        assert credential.collect_by is not None

    def test_an_environment_of_people_is_left_to_people(self, story: Story, graph: FakeGraph, on: Connected) -> None:
        account = story.account_in("suspended", environment=story.production)
        assert on.work() == {}
        assert not account.operations.exists()

    def test_people_were_first(self, story: Story, graph: FakeGraph, on: Connected) -> None:
        account = story.account_in("suspended")
        graph.trouble.append(Trouble("PATCH", status=503))
        graph.put(account.client_id)
        assert on.work() == {"opened": 1, "postponed": 1}
        provider.confirm(account.tasks.get(), by=story.actor("cegal"), now=on.now)
        assert on.work(minutes=2) == {"dropped": 1}
        assert states() == [("disable", "dropped")]
        assert graph.principals[account.client_id]["accountEnabled"] is True

    def test_what_the_portal_cannot_name_people_remove(self, story: Story, graph: FakeGraph, on: Connected) -> None:
        account = story.account()
        graph.put(account.client_id)
        event = Event.objects.filter(subject_id=account.pk).latest("seq")
        Task.objects.create(kind="remove_secret", account=account, event=event, opened_at=story.now)
        assert on.work() == {"opened": 1, "failed": 1}
        assert "Remove it by hand" in account.operations.get().sentence["text"]


class TestRotation:
    @pytest.fixture
    def account(self, story: Story, graph: FakeGraph, on: Connected, monkeypatch: pytest.MonkeyPatch) -> Account:
        """An account whose first secret the directory made, 300 days ago."""

        def check(_url: str, client_id: str, secret: str, **_how: object) -> loop.TokenCheck:
            ok = graph.works(client_id, secret)
            return loop.TokenCheck(loop.Outcome.OK if ok else loop.Outcome.WRONG_SECRET, "It answered.", elapsed_ms=1)

        monkeypatch.setattr(loop, "check_token", check)
        order = story.order_in("cegal_setup")
        on.work()
        rotating.verify(story)
        order = again(order)
        story.do(order, "issue_credentials", "support", **story.data_for(order, "issue_credentials"))
        account = Account.objects.select_related("owner", "environment").get(order=order)
        rotating.collect(story, account.credentials.get())
        story.now = on.now = on.now + timedelta(days=300)
        return account

    def second(self, story: Story, on: Connected, account: Account) -> Credential:
        """The directory made the second secret, and its owner has it."""
        asked = rotating.asked(story, account)
        assert on.work(minutes=1) == {"opened": 1, "answered": 1, "done": 1}
        story.now = on.now
        rotating.verify(story)
        return rotating.collect(story, Credential.objects.get(rotation=asked))

    def test_a_second_secret_comes_beside_the_first_and_the_old_one_goes_by_its_id(
        self, story: Story, graph: FakeGraph, on: Connected, account: Account
    ) -> None:
        first = account.credentials.get()
        new = self.second(story, on, account)
        assert {row["keyId"] for row in graph.passwords(account.client_id)} == {first.key_id, new.key_id}
        rotation.confirm_in_use(account, by=story.actor("ingrid"), now=story.now)
        assert on.work(minutes=1) == {"opened": 1, "answered": 1, "done": 1}
        assert [row["keyId"] for row in graph.passwords(account.client_id)] == [new.key_id]
        first.refresh_from_db()
        assert first.removed_at == on.now

    def test_the_old_one_can_be_kept_until_the_directory_was_told_to_remove_it(
        self, story: Story, graph: FakeGraph, on: Connected, account: Account
    ) -> None:
        self.second(story, on, account)

        def keep() -> Event:
            until = (on.now + timedelta(days=20)).date()
            return rotation.keep_both(account, until=until, comment="So.", by=story.actor("ingrid"), now=on.now)

        rotation.confirm_in_use(account, by=story.actor("ingrid"), now=on.now)
        operations.open_wanted(now=on.now)
        assert keep().verb == "keep_both_secrets"
        assert on.work(minutes=1) == {"dropped": 1}
        assert len(graph.passwords(account.client_id)) == 2
        rotation.confirm_in_use(account, by=story.actor("ingrid"), now=on.now)
        operations.open_wanted(now=on.now)
        held = operations._claim(on.now)  # a worker tells the directory at this moment
        assert held is not None
        with pytest.raises(NotReady, match="being removed already"):
            keep()
        operations._give_back(held)
        graph.trouble.append(Trouble("removePassword", hang_up=True, after=True))
        assert on.work() == {"postponed": 1}
        with pytest.raises(NotReady, match="being removed already"):
            keep()
        assert on.work(minutes=2) == {"answered": 1, "done": 1}
        assert len(graph.passwords(account.client_id)) == 1


class TestTrouble:
    def test_a_busy_server_is_asked_again_when_it_says(self, story: Story, graph: FakeGraph, on: Connected) -> None:
        order = story.order_in("cegal_setup")
        graph.trouble.append(Trouble("PATCH", status=429, headers={"Retry-After": "600"}))
        assert on.work() == {"opened": 1, "postponed": 1}
        operation = order.operations.get()
        assert (operation.state, operation.due_at) == ("waiting", on.now + timedelta(seconds=600))
        assert "busy" in operation.sentence["text"]
        assert on.work(minutes=9) == {}
        assert on.work(minutes=2) == {"answered": 1, "done": 1}

    def test_it_gives_up_after_days_and_people_take_over(self, story: Story, graph: FakeGraph, on: Connected) -> None:
        account = story.account_in("suspended")
        graph.put(account.client_id)
        graph.trouble.append(Trouble("PATCH", status=500, times=99))
        on.work()
        for _day in range(4):
            on.work(days=1)
        operation = account.operations.get()
        assert (operation.state, operation.sealed_secret) == ("failed", "")
        event = Event.objects.get(verb="connector_failed")
        assert told(event) == {"connector_failed": SUPPORT, "connector_failed_cegal": {SILJE}}
        provider.confirm(account.tasks.get(), by=story.actor("cegal"), now=on.now)
        assert on.work(minutes=1) == {"dropped": 1}

    def test_a_refusal_is_for_people_at_once_and_is_told_once_an_hour(
        self, story: Story, graph: FakeGraph, on: Connected
    ) -> None:
        for _one in range(3):
            story.account_in("suspended")
        graph.token = (401, {}, b"{}")
        assert on.work() == {"opened": 3, "failed": 3}
        assert [bool(told(one)) for one in Event.objects.filter(verb="connector_failed").order_by("pk")].count(
            True
        ) == 1

    def test_begun_again_by_support(self, story: Story, graph: FakeGraph, on: Connected) -> None:
        account = story.account_in("suspended")
        on.work()  # the directory does not know it
        operation = account.operations.get()
        assert operation.state == "failed"
        with pytest.raises(NotAllowed):
            operation_ends.begin_again(operation, by=story.actor("ingrid"), now=on.now)
        graph.put(account.client_id)
        operation_ends.begin_again(operation, by=story.actor("support"), now=on.now)
        with pytest.raises(LostRace):
            operation_ends.begin_again(operation, by=story.actor("support"), now=on.now)
        assert on.work() == {"answered": 1, "done": 1}
        assert [verb for verb in history(account) if "connector" in verb] == ["connector_failed", "retry_connector"]

    def test_a_client_id_that_is_taken_fails_and_keeps_no_secret(
        self, story: Story, graph: FakeGraph, on: Connected, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order = story.order_in("cegal_setup")
        monkeypatch.setattr("accounts.actions.operations.apply", lambda operation, *, now: "waiting")
        on.work()
        monkeypatch.undo()
        (client_id,) = graph.apps
        story.account(client_id=client_id)
        assert on.work(minutes=1) == {"failed": 1}
        operation = order.operations.get()
        assert "already belongs" in operation.sentence["text"]
        assert operation.sealed_secret == ""


class Killed(BaseException):
    """The process ends here: nothing after it runs."""


CUTS = ["accounts.actions.operations._store", "accounts.actions.operations.apply",
        "accounts.actions.setup.complete_setup", "accounts.actions.results.use"]  # fmt: skip


@pytest.mark.parametrize("place", CUTS)
def test_killed_between_the_call_and_the_commit(
    story: Story, graph: FakeGraph, on: Connected, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """One client, one secret, and it is the one that the portal holds."""
    order = story.order_in("cegal_setup")

    def dies(*_args: object, **_said: object) -> None:
        raise Killed

    monkeypatch.setattr(place, dies)
    monkeypatch.setattr("accounts.actions.operations._give_back", lambda operation: None)
    with pytest.raises(Killed):
        on.work()
    monkeypatch.undo()
    assert again(order).state == "cegal_setup"
    assert on.work(minutes=1) == {}  # whoever died still holds it
    on.work(minutes=5)
    assert again(order).state == "credential_issue"
    account = order.accounts.get()
    assert list(graph.apps) == [account.client_id]
    assert [row["keyId"] for row in graph.passwords(account.client_id)] == [account.credentials.get().key_id]
    assert graph.works(account.client_id, opened(account.credentials.get()))


def test_no_secret_and_no_token_in_any_row_or_log(
    story: Story, graph: FakeGraph, on: Connected, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    story.order_in("cegal_setup", environments=("TEST", "PRODUCTION"))
    on.work()  # the result waits, sealed
    text = repr(contents()) + caplog.text
    assert graph.texts
    for secret in (*graph.texts, SECRET, TOKEN):
        assert secret not in text


def test_a_mistake_of_ours_does_not_hold_up_the_others(
    story: Story, graph: FakeGraph, on: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = story.account_in("suspended"), story.account_in("suspended")
    graph.put(first.client_id)
    graph.put(second.client_id)
    real = operation_ends.provider.confirm

    def confirm(task: Task, **said: Any) -> object:
        if task.account_id == first.pk:
            raise RuntimeError
        return real(task, **said)

    monkeypatch.setattr(operation_ends.provider, "confirm", confirm)
    for _round in range(2):
        with suppress(RuntimeError):
            on.work(minutes=1)
    assert dict(Operation.objects.values_list("account", "state")) == {first.pk: "answered", second.pk: "done"}


def test_one_of_two_workers_does_it(story: Story, graph: FakeGraph, on: Connected) -> None:
    story.account_in("suspended")
    operations.open_wanted(now=on.now)
    first = operations._claim(on.now)
    assert first is not None
    assert operations._claim(on.now) is None
    assert operations._claim(on.now + operations.LEASE) is not None


def test_one_client_is_not_disabled_and_enabled_at_once(story: Story, graph: FakeGraph, on: Connected) -> None:
    account = story.account_in("suspended")
    event = Event.objects.filter(subject_id=account.pk).latest("seq")
    Task.objects.create(kind="new_secret", account=account, event=event, opened_at=story.now)
    assert operations.open_wanted(now=on.now) == 2
    assert operations._claim(on.now) is not None
    assert operations._claim(on.now) is None


def test_results_open_for_their_own_row_alone(story: Story, graph: FakeGraph, on: Connected) -> None:
    order = story.order_in("cegal_setup", environments=("TEST", "PRODUCTION"))
    on.work()
    operation = order.operations.get()
    assert results.opened(operation).secret in graph.texts
    assert not Credential.objects.exists()
