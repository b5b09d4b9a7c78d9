"""The hand-over to Cegal and back: what is asked for, and the accounts that come of it."""

from __future__ import annotations

from datetime import date

import pytest

from accounts.actions import secrets, setup
from accounts.lifecycle.errors import NotReady
from accounts.models import Account, Credential, Environment, Event, Order, Person
from accounts.models.setup import Setup
from accounts.verbs import InvalidInput
from tests.actions.tools import at_once, history, nothing_written
from tests.story import Story

UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
SECRET = "canary~8Q.secret"


@pytest.fixture
def order(story: Story) -> Order:
    """An order of both environments that waits for Cegal."""
    return story.order_in("cegal_setup", environments=("TEST", "PRODUCTION"))


def complete(story: Story, order: Order, *setups: Setup) -> Event:
    return setup.complete_setup(order, by=story.actor("cegal"), now=story.now, setups=setups)


def test_the_order_is_stamped_when_it_goes_to_cegal(story: Story) -> None:
    order = story.order_in("approved")
    assert order.sent_to_cegal_at is None
    story.do(order, "send_to_cegal", "support", comment="Please by Friday.")
    assert Order.objects.get(pk=order.pk).sent_to_cegal_at == story.now


def test_an_order_for_two_environments_gives_two_accounts(story: Story, order: Order) -> None:
    complete(story, order, Setup(story.test, "t-1", "s-t"), Setup(story.production, "p-1", "s-p", date(2027, 11, 1)))
    accounts = {account.environment.name: account for account in order.accounts.select_related("environment")}
    assert {name: account.client_id for name, account in accounts.items()} == {"TEST": "t-1", "PRODUCTION": "p-1"}
    for account in accounts.values():
        assert (account.state, account.activated_on, account.last_activity_on) == ("pending", None, None)
        assert (account.owner, account.organisation, account.order) == (story.ingrid, order.organisation, order)
        assert (account.technical_name, account.technical_email) == ("Tor Teknisk", "tor@nordsjo.example")
        assert (account.as_seller, account.as_broker, account.system) == (True, False, "SAP")
        assert account.purpose == order.purpose
        assert history(account) == ["create"]
        assert Event.objects.get(subject_id=account.pk).data == {"order": order.reference}
    assert accounts["PRODUCTION"].credentials.get().expires_on == date(2027, 11, 1)


def test_the_secrets_are_sealed_each_for_its_own_row(story: Story, order: Order) -> None:
    complete(story, order, Setup(story.test, "t-1", SECRET), Setup(story.production, "p-1", f"  {SECRET}2 \n"))
    first, second = Credential.objects.order_by("account__environment__position")
    assert first.sealed_secret.startswith("v1.t1.")
    assert SECRET not in first.sealed_secret
    assert (secrets.opened(first), secrets.opened(second)) == (SECRET, f"{SECRET}2")
    assert (first.entered_by, first.entered_at) == ("Silje Thorsen", story.now)
    assert (first.collect_by, first.verified_at, first.is_collectable) == (None, None, False)


def test_a_setup_never_shows_its_secret_in_a_representation(story: Story) -> None:
    assert SECRET not in repr(Setup(story.test, "t-1", SECRET))


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ([], "TEST, PRODUCTION"),
        ([("TEST", "t-1", "s")], "PRODUCTION"),
        ([("TEST", "t-1", "s"), ("PRODUCTION", "p-1", "  ")], "PRODUCTION"),
        ([("TEST", " \t", "s"), ("PRODUCTION", "p-1", "s")], "TEST"),
    ],
)
def test_every_environment_is_asked_for(
    story: Story, order: Order, given: list[tuple[str, str, str]], missing: str
) -> None:
    setups = [Setup(Environment.objects.get(name=name), client, secret) for name, client, secret in given]
    with nothing_written(), pytest.raises(NotReady, match=f"client secret for {missing}"):
        complete(story, order, *setups)


def test_the_form_asks_for_each_environment_too(story: Story, order: Order) -> None:
    filled = story.data_for(order, "complete_setup")
    del filled["client_secret__TEST"]
    with nothing_written(), pytest.raises(InvalidInput, match="Client secret: Paste the client secret for"):
        story.do(order, "complete_setup", "cegal", **filled)


def test_an_environment_that_was_not_ordered_gives_no_account(story: Story) -> None:
    order = story.order_in("cegal_setup")
    complete(story, order, Setup(story.test, "t-1", "s"), Setup(story.production, "p-1", "s"))
    assert [account.environment for account in order.accounts.all()] == [story.test]


def test_one_environment_given_twice_is_refused(story: Story) -> None:
    order = story.order_in("cegal_setup")
    with nothing_written(), pytest.raises(NotReady, match="TEST stands twice"):
        complete(story, order, Setup(story.test, "t-1", "s"), Setup(story.test, "t-2", "s"))


@pytest.mark.parametrize("client_id", ["taken", "  taken\n"])
def test_a_client_id_that_another_account_has_is_refused_by_name(story: Story, client_id: str) -> None:
    story.account(client_id="taken")
    order = story.order_in("cegal_setup")
    with nothing_written(), pytest.raises(NotReady, match="taken already belongs to an account in TEST"):
        complete(story, order, Setup(story.test, client_id, "s"))
    assert (order.state, order.version) == ("cegal_setup", Order.objects.get(pk=order.pk).version)
    complete(story, order, Setup(story.test, "free", "s"))


def test_the_same_client_id_in_another_case_is_the_same_client(story: Story) -> None:
    story.account(client_id=UUID)
    order = story.order_in("cegal_setup")
    with nothing_written(), pytest.raises(NotReady, match="already belongs"):
        complete(story, order, Setup(story.test, UUID.upper(), "s"))


def test_a_uuid_is_kept_in_lower_case_and_other_ids_as_they_are(story: Story, order: Order) -> None:
    complete(story, order, Setup(story.test, f" {UUID.upper()} ", "s"), Setup(story.production, "My-Client", "s"))
    assert set(order.accounts.values_list("client_id", flat=True)) == {UUID, "My-Client"}


def test_one_client_id_may_serve_both_environments(story: Story, order: Order) -> None:
    complete(story, order, Setup(story.test, "same", "s"), Setup(story.production, "same", "s"))
    assert order.accounts.count() == 2


def test_nothing_is_half_done_when_the_second_client_id_is_taken(story: Story, order: Order) -> None:
    story.account(client_id="p-1", environment=story.production)
    with nothing_written(), pytest.raises(NotReady, match="p-1 already belongs to an account in PRODUCTION"):
        complete(story, order, Setup(story.test, "t-1", "s"), Setup(story.production, "p-1", "s"))


def test_an_owner_whom_nobody_knew_becomes_a_person(story: Story) -> None:
    story.ingrid.language = "nb"
    story.ingrid.save()
    order = story.order_in("credential_issue", owner_name="Kari Nord", owner_email="Kari@Nordsjo.example")
    kari = Person.objects.get(email="kari@nordsjo.example")
    assert (kari.name, kari.language, kari.created_at) == ("Kari Nord", "nb", story.now)
    assert kari.roles == frozenset()
    assert order.accounts.get().owner == kari


def test_a_known_owner_is_found_whatever_the_case(story: Story) -> None:
    order = story.order_in("credential_issue", owner_email="INGRID@nordsjo.example")
    assert order.accounts.get().owner == story.ingrid


def test_hand_back_needs_a_reason_and_can_be_done_again(story: Story) -> None:
    order = story.order_in("cegal_setup")
    with nothing_written(), pytest.raises(InvalidInput):
        story.do(order, "hand_back", "cegal", comment=" ")
    event = story.do(order, "hand_back", "cegal", comment="Which tenant?")
    assert (event.target, event.comment) == ("approved", "Which tenant?")
    story.do(order, "send_to_cegal", "support", comment="The first one.")
    story.do(order, "hand_back", "cegal", comment="It is full.")
    story.do(order, "send_to_cegal", "support")
    story.do(order, "complete_setup", "cegal", **story.data_for(order, "complete_setup"))
    assert history(order)[-6:] == [
        "send_to_cegal", "hand_back", "send_to_cegal", "hand_back", "send_to_cegal", "complete_setup",
    ]  # fmt: skip
    assert Order.objects.get(pk=order.pk).state == "credential_issue"


@pytest.mark.django_db(transaction=True)
def test_two_operators_at_once_make_one_account() -> None:
    story = Story()
    order = story.order_in("cegal_setup")
    by = story.actor("cegal")
    seen = [Order.objects.get(pk=order.pk) for _place in range(3)]  # all three look before anybody is done

    def work(place: int) -> str:
        setups = [Setup(story.test, f"client-{place}", "s")]
        setup.complete_setup(seen[place], by=by, now=story.now, setups=setups)
        return "done"

    results = at_once(3, work)
    assert results.count("done") == 1
    assert all("Silje Thorsen completed the setup" in said for said in results if said != "done")
    assert order.accounts.count() == Account.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_orders_at_once_cannot_get_one_client_id() -> None:
    story = Story()
    orders = [story.order_in("cegal_setup") for _ in range(2)]
    by = story.actor("cegal")

    def work(place: int) -> str:
        setup.complete_setup(orders[place], by=by, now=story.now, setups=[Setup(story.test, UUID, "s")])
        return "done"

    results = at_once(2, work)
    assert sorted(results) == sorted(["done", f"The client id {UUID} already belongs to an account in TEST."])
    assert Account.objects.count() == Credential.objects.count() == 1
