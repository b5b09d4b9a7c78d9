"""The pages of a secret rotation: the owner's, Cegal's, and Support's list of what expires."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail as mail_module
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.actions import collecting
from accounts.delivery import deliver_due
from accounts.models import Account, Credential, Order, Task
from tests.actions import rotating
from tests.actions.rotating import FIRST, SECOND, account_with_secret, asked, collected, entered
from tests.story import Story
from tests.web.visitors import browser_of

works = rotating.works
pytestmark = pytest.mark.usefixtures("works")


@pytest.fixture
def story(db: None) -> Story:
    cache.clear()
    return Story(timezone.now())


@pytest.fixture
def account(story: Story) -> Account:
    return account_with_secret(story)


def text(client: Client, name: str, *args: object, **query: str) -> str:
    answer = client.get(reverse(name, args=args), query)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def test_the_owner_asks_after_being_told_the_whole_way(story: Story, account: Account) -> None:
    ingrid = browser_of(story.ingrid)
    assert reverse("account_rotate", args=[account.pk]) in text(ingrid, "account", account.pk)
    said = text(ingrid, "account_rotate", account.pk)
    assert "leaves the first one" in said
    assert "14 days after it was collected" in said
    answer = ingrid.post(reverse("account_rotate", args=[account.pk]), follow=True)
    order = Order.objects.get(concerns=account)
    assert order.reference in answer.content.decode()
    page = text(ingrid, "account", account.pk)
    assert "Cegal adds a second secret" in page
    assert reverse("account_rotate", args=[account.pk]) not in page
    again = ingrid.post(reverse("account_rotate", args=[account.pk]), follow=True).content.decode()
    assert f"Order {order.reference} already asks for this" in again
    assert Order.objects.filter(concerns=account).count() == 1


def test_support_asks_with_a_reason_and_a_stranger_finds_nothing(story: Story, account: Account) -> None:
    where = reverse("account_rotate", args=[account.pk])
    support = browser_of(story.support)
    assert "on behalf of Ingrid Solheim" in support.get(where).content.decode()
    assert support.post(where, {"comment": " "}).status_code == 422
    support.post(where, {"comment": "Asked for by phone."})
    assert Order.objects.get(concerns=account).requester == story.ingrid
    for name in ("account_rotate", "account_secret_in_use", "account_keep_both", "account_test_new"):
        assert browser_of(story.stranger).get(reverse(name, args=[account.pk])).status_code == 404
    for name in ("account_secret_in_use", "account_keep_both", "account_test_new"):
        assert support.get(reverse(name, args=[account.pk])).status_code == 403
    assert browser_of(story.responsible).get(where).status_code == 403


def test_cegal_is_told_to_leave_the_first_and_gets_a_form_for_the_second(story: Story, account: Account) -> None:
    order = asked(story, account)
    cegal = browser_of(story.cegal)
    page = text(cegal, "cegal_order", order.reference)
    assert "Leave the first secret" in page
    assert '<span class="lp-mono">abc</span>' in page, "which one that is"
    refused = cegal.post(reverse("cegal_order", args=[order.reference]), {"key_id": "k-2"})
    assert refused.status_code == 422
    assert "Paste the second client secret." in refused.content.decode()
    cegal.post(reverse("cegal_order", args=[order.reference]), {"client_secret": SECOND, "key_id": "k-2"})
    assert Credential.objects.get(rotation=order).key_id == "k-2"


def test_both_secrets_are_shown_and_a_test_of_the_new_one_lets_the_old_one_go(story: Story, account: Account) -> None:
    collected(story, account)
    ingrid = browser_of(story.ingrid)
    page = text(ingrid, "account", account.pk)
    assert "…xyz" in page
    assert "…abc" in page
    where = reverse("account_test_new", args=[account.pk])
    assert 'ends in <span class="lp-mono">xyz</span>' in text(ingrid, "account_test_new", account.pk)
    for typed, said in [
        ("wrong" * 9, "The old secret stays"),
        (FIRST, "not the new secret"),
        (SECOND, "remove the old"),
    ]:
        answer = ingrid.post(where, {"client_secret": typed})
        assert said in answer.content.decode()
        assert typed not in answer.content.decode()
        assert "no-store" in answer["Cache-Control"]
    assert Task.objects.get(kind="remove_secret").account == account
    assert "Cegal is asked to remove it" in text(ingrid, "account", account.pk)
    assert ingrid.post(where, {"client_secret": SECOND}).status_code == 409


def test_a_secret_cannot_be_guessed_there(story: Story, account: Account) -> None:
    collected(story, account)
    ingrid, where = browser_of(story.ingrid), reverse("account_test_new", args=[account.pk])
    codes = [ingrid.post(where, {"client_secret": f"guess-{number}"}).status_code for number in range(11)]
    assert codes == [200] * 10 + [429]


def test_keeping_both_and_saying_that_the_new_one_is_in_use(story: Story, account: Account) -> None:
    new = collected(story, account)
    ingrid, keep = browser_of(story.ingrid), reverse("account_keep_both", args=[account.pk])
    today = timezone.localdate()
    latest = today + timedelta(days=60)
    assert f"{latest.day} {latest:%B %Y} is the latest day." in ingrid.get(keep).content.decode()
    for until in ("", str(today), str(today + timedelta(days=61))):
        assert ingrid.post(keep, {"until": until, "comment": "So."}).status_code == 422
    assert ingrid.post(keep, {"until": str(today + timedelta(days=50)), "comment": ""}).status_code == 422
    ingrid.post(keep, {"until": str(today + timedelta(days=50)), "comment": "One server is not changed."})
    new.refresh_from_db()
    assert new.overlap_until == today + timedelta(days=50)
    assert ingrid.get(reverse("account_secret_in_use", args=[account.pk])).status_code == 200
    ingrid.post(reverse("account_secret_in_use", args=[account.pk]))
    task = Task.objects.get(kind="remove_secret")
    page = text(browser_of(story.cegal), "cegal_task", task.pk)
    assert '<span class="lp-mono">abc</span>' in page.split("Secret to remove")[1].split("Secret to leave")[0]
    assert '<span class="lp-mono">xyz</span>' in page.split("Secret to leave")[1]


def test_the_second_secret_can_be_collected_from_the_order_too(story: Story, account: Account) -> None:
    order = asked(story, account)
    entered(story, order)
    rotating.verify(story)
    ingrid = browser_of(story.ingrid)
    assert reverse("collect", args=[account.pk]) in text(ingrid, "order", order.reference)
    assert "You: collect the secret" in text(ingrid, "my_orders")


def test_the_list_shows_what_expires_when_and_its_file_the_same(story: Story) -> None:
    today = timezone.localdate()
    soon = account_with_secret(story, expires_on=today + timedelta(days=20))
    over = account_with_secret(story, expires_on=today + timedelta(days=1))
    Credential.objects.filter(account=over).update(expires_on=today - timedelta(days=1))
    far = account_with_secret(story, expires_on=today + timedelta(days=300))
    reference = asked(story, soon).reference
    support = browser_of(story.support)
    shown = {tab: text(support, "staff_secrets", state=tab) for tab in ("soon", "expired", "all")}
    for tab, there in {"soon": {soon}, "expired": {over}, "all": {soon, over, far}}.items():
        assert {one for one in (soon, over, far) if f">{one.client_id}</a>" in shown[tab]} == there
    assert reference in shown["soon"]
    assert "No secret matches" in text(support, "staff_secrets", q="nothing-like-it")
    answer = support.get(reverse("secrets_export"), {"state": "soon"})
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0].startswith("client_id,environment")
    assert lines[1:] == [
        f"{soon.client_id},TEST,Nordsjø Surplus AS,ingrid@nordsjo.example,{today + timedelta(days=20)},abc,,{reference}"
    ]
    assert browser_of(story.ingrid).get(reverse("staff_secrets")).status_code == 403


def test_a_secret_that_expires_soon_is_on_the_owners_pages(story: Story) -> None:
    account = account_with_secret(story, expires_on=timezone.localdate() + timedelta(days=9))
    ingrid = browser_of(story.ingrid)
    assert "The client secret expires on" in text(ingrid, "account", account.pk)
    assert "The last day of the client secret" in text(ingrid, "my_accounts")


def test_the_technical_contact_whom_the_owner_lets_collects_the_second_secret(story: Story, account: Account) -> None:
    order = asked(story, account)
    ingrid, tor = browser_of(story.ingrid), browser_of(story.person("tor@nordsjo.example", "Tor Teknisk"))
    let, there = reverse("account_collector", args=[account.pk, "let"]), reverse("collect", args=[account.pk])
    assert let in text(ingrid, "account", account.pk), "also while the second secret is under way"
    entered(story, order)
    rotating.verify(story)
    page = text(tor, "account", account.pk)
    assert "must collect it" in page
    assert there not in page
    ingrid.post(let)
    page = text(tor, "account", account.pk)
    assert there in page
    assert "must collect it" not in page
    assert SECOND in tor.post(there, {"ready": "on"}).content.decode()


def test_the_technical_contact_who_asked_collects_from_the_order_and_the_mail_names_both(
    story: Story, account: Account
) -> None:
    tor = story.person("tor@nordsjo.example", "Tor Teknisk")
    order = asked(story, account, tor)
    entered(story, order)
    rotating.verify(story)
    there = reverse("collect", args=[account.pk])
    assert there not in text(browser_of(tor), "order", order.reference)
    account.refresh_from_db()
    collecting.let_collect(account, by=story.actor("ingrid"), now=story.now)
    assert there in text(browser_of(tor), "order", order.reference)
    deliver_due(story.now)
    letters = [mail for mail in mail_module.outbox if "can be collected" in mail.subject]
    assert sorted(mail.to[0].split(" <")[0] for mail in letters) == ["Ingrid Solheim", "Tor Teknisk"]
    for mail in letters:
        assert "Tor Teknisk may also collect client secrets." in " ".join(str(mail.body).split())


def test_whoever_reads_of_the_order_can_open_it(story: Story, account: Account) -> None:
    tor = story.person("tor@nordsjo.example", "Tor Teknisk")
    for asking, reading in ((story.ingrid, tor), (tor, story.ingrid)):
        order = asked(story, account, asking)
        for reader in (asking, reading):
            browser, where = browser_of(reader), reverse("order", args=[order.reference])
            if where in text(browser, "account", account.pk):
                assert browser.get(where).status_code == 200, (asking, reader)
        assert where in text(browser_of(asking), "account", account.pk)
        Order.objects.filter(pk=order.pk).update(state="withdrawn")


def test_support_is_told_when_to_ask_for_a_new_secret_and_when_to_replace_it(story: Story, account: Account) -> None:
    support = browser_of(story.support)
    page = text(support, "staff_account", account.pk)
    replace, ask = (reverse(name, args=[account.pk]) for name in ("account_rotate", "account_new_secret"))
    assert page.index(replace) < page.index(ask), "what stops nothing comes first"
    said = text(support, "account_new_secret", account.pk)
    assert "Choose “Replace the secret” instead" in said
    Account.objects.filter(pk=account.pk).update(state="suspended")
    assert "Replace the secret" not in text(support, "account_new_secret", account.pk)


def test_an_owner_who_lost_the_secret_replaces_it_and_need_not_write_to_support(story: Story, account: Account) -> None:
    page = text(browser_of(story.ingrid), "account", account.pk)
    assert reverse("account_rotate", args=[account.pk]) in page
    assert "Lost it?" not in page
    Account.objects.filter(pk=account.pk).update(state="suspended")
    assert "Lost it?" in text(browser_of(story.ingrid), "account", account.pk)
