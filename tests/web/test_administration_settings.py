"""The administrator's pages about environments, return reasons and the policy."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.actions import environments, return_reasons
from accounts.actions.policy import change_policy
from accounts.lifecycle.policy import Policy
from accounts.models import Environment, Event, Order, ReturnReason, current_policy
from tests.story import Story
from tests.web.forms_of import hidden
from tests.web.staff_pages import WORKERS, browser, queries, read, words

ENVIRONMENTS, REASONS, POLICY = "/staff/environments/", "/staff/return-reasons/", "/staff/policy/"
ADDRESSES = {"token_url": "https://t.example/token", "base_url": "https://t.example", "documentation_url": ""}


def reason_page() -> str:
    return f"{REASONS}{ReturnReason.objects.all()[0].pk}/"


def said(story: Story) -> dict[str, Any]:
    return {"by": story.actor("administrator"), "now": story.now}


@pytest.mark.parametrize("who", WORKERS)
def test_only_an_administrator_opens_these_pages(story: Story, who: str) -> None:
    client = browser(story, who)
    own = f"{ENVIRONMENTS}{story.test.pk}/"
    pages = [
        ENVIRONMENTS,
        f"{ENVIRONMENTS}add/",
        own,
        f"{own}retire/",
        REASONS,
        f"{REASONS}add/",
        reason_page(),
        POLICY,
    ]
    for url in pages:
        assert client.get(url).status_code == (200 if who == "administrator" else 403), url
    if who != "administrator":
        for url in (*pages[1:4], *pages[5:], f"{POLICY}change/", f"{reason_page()}retire/"):
            assert client.post(url, {"comment": "Because."}).status_code == 403, url


def test_an_environment_is_added(story: Story) -> None:
    client = browser(story, "administrator")
    typed = {"name": "training", **ADDRESSES, "position": "4", "version": "0"}
    answer = client.post(f"{ENVIRONMENTS}add/", typed, follow=True)
    assert "The environment is added" in answer.content.decode()
    assert Environment.objects.get(name="TRAINING").position == 4
    assert "TRAINING" in read(browser(story, "ingrid"), "/orders/new/")


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"name": ""}, "Enter a name such as TRAINING."),
        ({"name": "TEST"}, "There is an environment TEST already."),
        ({"name": "a b"}, "capital letters"),
        ({"token_url": "http://t.example/token"}, "must begin with https://."),
        ({"token_url": "nothing at all"}, "Enter an address such as"),
        ({"base_url": ""}, "Enter the address of the API."),
        ({"position": "-1"}, "greater than or equal to 0"),
    ],
)
def test_a_bad_environment_says_what_to_do_and_keeps_the_rest(
    story: Story, typed: dict[str, str], message: str
) -> None:
    full = {"name": "TRAINING", **ADDRESSES, "position": "4", "documentation_url": "https://docs.example/kept", **typed}
    answer = browser(story, "administrator").post(f"{ENVIRONMENTS}add/", full)
    assert answer.status_code == 422
    assert message in words(answer.content.decode())
    assert 'value="https://docs.example/kept"' in answer.content.decode()
    assert Environment.objects.count() == 2


def test_an_environment_is_changed_and_its_history_says_from_what_to_what(story: Story) -> None:
    client, url = browser(story, "administrator"), f"{ENVIRONMENTS}{story.test.pk}/"
    version = hidden(read(client, url))["version"]
    typed = {**ADDRESSES, "position": "0", "version": version}
    assert client.post(url, typed)["Location"] == url
    text = words(read(client, url))
    assert "You changed it" in text
    assert f"Token URL {story.test.token_url} → https://t.example/token" in text
    assert Environment.objects.get(pk=story.test.pk).name == "TEST"


def test_an_environment_says_how_tokens_are_asked_for(story: Story) -> None:
    client, url = browser(story, "administrator"), f"{ENVIRONMENTS}{story.test.pk}/"
    version = hidden(read(client, url))["version"]
    typed = {**ADDRESSES, "position": "0", "version": version, "token_by_basic": "on", "sales_checked": "on"}
    assert client.post(url, typed)["Location"] == url
    saved = Environment.objects.get(pk=story.test.pk)
    assert (saved.token_by_basic, saved.sales_checked) == (True, True)
    text = words(read(client, url))
    assert "Tokens are asked for by HTTP Basic" in text
    environments.set_addresses(saved, token_url="https://u.example/t", base_url="https://u.example", **said(story))
    kept = Environment.objects.get(pk=story.test.pk)
    assert (kept.token_by_basic, kept.sales_checked) == (True, True)


def test_the_second_of_two_administrators_sees_what_is_saved_and_keeps_theirs(story: Story) -> None:
    client, url = browser(story, "administrator"), f"{ENVIRONMENTS}{story.test.pk}/"
    version = hidden(read(client, url))["version"]
    environments.edit_environment(
        story.test, environments.Details("https://first.example/token", "https://t.example"), **said(story)
    )
    answer = client.post(url, {**ADDRESSES, "position": "0", "version": version})
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Ada Admin changed this" in text
    assert "Saved meanwhile: https://first.example/token" in words(text)
    assert 'value="https://t.example/token"' in text
    assert Environment.objects.get(pk=story.test.pk).token_url == "https://first.example/token"
    again = client.post(url, {**ADDRESSES, "position": "0", "version": hidden(text)["version"]})
    assert again.status_code == 302
    assert Environment.objects.get(pk=story.test.pk).token_url == "https://t.example/token"


def test_a_retired_environment_is_not_offered_and_can_come_back(story: Story) -> None:
    client, url = browser(story, "administrator"), f"{ENVIRONMENTS}{story.production.pk}/"
    version = hidden(read(client, f"{url}retire/"))["version"]
    assert client.post(f"{url}retire/", {"version": version, "comment": ""}).status_code == 422
    client.post(f"{url}retire/", {"version": version, "comment": "Moved."})
    assert 'value="PRODUCTION"' not in read(browser(story, "ingrid"), "/orders/new/")
    version = hidden(read(client, f"{url}restore/"))["version"]
    client.post(f"{url}restore/", {"version": version, "comment": "Back."})
    assert 'value="PRODUCTION"' in read(browser(story, "ingrid"), "/orders/new/")


def test_reasons_are_added_worded_moved_and_retired(story: Story) -> None:
    client = browser(story, "administrator")
    texts = {"field": "", "title_en": "Wrong form", "title_nb": "Feil skjema", "text_en": "Use it.", "text_nb": "Bruk."}
    assert client.post(f"{REASONS}add/", {**texts, "title_nb": " "}).status_code == 422
    assert "Fill in “Short name, in Norwegian”" in words(
        client.post(f"{REASONS}add/", {**texts, "title_nb": ""}).content.decode()
    )
    client.post(f"{REASONS}add/", texts)
    reason = ReturnReason.objects.get(title_en="Wrong form")
    url = f"{REASONS}{reason.pk}/"
    version = hidden(read(client, url))["version"]
    client.post(url, {**texts, "text_en": "Use the other form.", "version": version})
    assert "Use it. → Use the other form." in words(read(client, url))
    rows = list(ReturnReason.objects.all())
    client.post(f"{url}up/")
    assert list(ReturnReason.objects.all())[-2].pk == reason.pk
    client.post(f"{REASONS}{rows[0].pk}/up/")  # the first stays the first
    assert ReturnReason.objects.all()[0].pk == rows[0].pk
    client.post(f"{url}retire/")
    assert not ReturnReason.objects.get(pk=reason.pk).active
    client.post(f"{url}restore/")
    assert ReturnReason.objects.get(pk=reason.pk).active


def test_a_reason_that_was_changed_meanwhile_keeps_both_texts_in_view(story: Story) -> None:
    client, url = browser(story, "administrator"), reason_page()
    reason = ReturnReason.objects.all()[0]
    texts = {name: getattr(reason, name) for name in ("field", *return_reasons.TEXTS)}
    return_reasons.edit_return_reason(reason, {**texts, "text_en": "The first one’s."}, **said(story))
    answer = client.post(url, {**texts, "text_en": "The second one’s.", "version": "0"})
    assert answer.status_code == 409
    text = words(answer.content.decode())
    assert "Saved meanwhile: The first one’s." in text
    assert "The second one’s." in text


def test_reasons_are_listed_in_the_readers_language(story: Story) -> None:
    client, reason = browser(story, "administrator"), ReturnReason.objects.all()[0]
    assert reason.title_en in read(client, REASONS)
    answer = client.get(REASONS, headers={"accept-language": "nb"})
    assert reason.title_nb in answer.content.decode()


def numbers(**changed: int) -> dict[str, Any]:
    return {**asdict(Policy()), "version": "0", **changed}


def test_the_policy_page_shows_every_number_with_its_default(story: Story) -> None:
    text = words(read(browser(story, "administrator"), POLICY))
    assert "Default 30, from 7 to 365" in text
    assert "Stage targets" in text
    assert "Reset" not in text


def test_the_effect_is_shown_before_anything_is_saved(story: Story) -> None:
    today = timezone.localdate()
    story.covered(today - timedelta(days=900), today)
    for number, days in enumerate((400, 500, 800, 900)):
        story.account(client_id=f"quiet-{number}", last_used_on=today - timedelta(days=days))
    answer = browser(story, "administrator").post(POLICY, numbers(inactive_after_years=2))
    text = words(answer.content.decode())
    assert "Inactive after (years) 1 → 2" in text
    assert "Accounts notified tomorrow 4 2 fewer" in text
    assert current_policy() == Policy()
    assert not Event.objects.filter(subject_type="policy").exists()


def test_late_orders_are_counted_under_both_targets(story: Story) -> None:
    order = story.order_in("support")
    Order.objects.filter(pk=order.pk).update(state_since=timezone.now() - timedelta(days=9))
    answer = browser(story, "administrator").post(POLICY, numbers(target_support=20))
    assert "Open orders that count as late today 1 0 fewer" in words(answer.content.decode())


def test_running_notices_are_said_to_keep_their_day(story: Story) -> None:
    story.account_in("notified")
    answer = browser(story, "administrator").post(POLICY, numbers(answer_days=20))
    assert "1 notice runs. It keeps the last day to answer that stands in its mail." in words(answer.content.decode())


def test_what_only_begins_later_says_so(story: Story) -> None:
    answer = browser(story, "administrator").post(POLICY, numbers(secret_days=20))
    assert "It holds for what begins from now on." in words(answer.content.decode())


def test_too_many_accounts_are_counted_and_not_decided(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    from accounts.web.administration import effects

    monkeypatch.setattr(effects, "CHEAP", 1)
    for number in range(3):
        story.account(client_id=f"quiet-{number}", last_used_on=timezone.localdate() - timedelta(days=400))
    answer = browser(story, "administrator").post(POLICY, numbers(answer_days=20))
    assert "Up to 3 accounts may be due" in words(answer.content.decode())


def test_the_policy_is_changed_with_a_reason_after_the_preview(story: Story) -> None:
    client = browser(story, "administrator")
    preview = client.post(POLICY, numbers(answer_days=45)).content.decode()
    fields = hidden(preview)
    assert client.post(f"{POLICY}change/", {**fields, "comment": ""}).status_code == 422
    assert current_policy() == Policy()
    answer = client.post(f"{POLICY}change/", {**fields, "comment": "Holidays."}, follow=True)
    text = words(answer.content.decode())
    assert current_policy() == Policy(answer_days=45)
    assert "The policy is changed" in text
    assert "30 → 45" in text
    assert "Holidays." in text
    assert "Reset to 30" in text


def test_a_number_is_reset_by_its_own_button(story: Story) -> None:
    change_policy({"answer_days": 45, "secret_days": 7}, **said(story), comment="Holidays.")
    client = browser(story, "administrator")
    typed = {**asdict(current_policy()), "version": "1"}
    one = words(client.post(POLICY, {**typed, "reset": "answer_days"}).content.decode())
    assert ("45 → 30" in one, "7 → 14" in one) == (True, False)
    both = words(client.post(POLICY, {**typed, "reset": "all"}).content.decode())
    assert ("45 → 30" in both, "7 → 14" in both) == (True, True)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"answer_days": 1}, "Enter a number from 7 to 365."),
        ({"answer_days": "soon"}, "Enter a number from 7 to 365."),
        ({"second_reminder_days": 20}, "The second reminder must come after the first."),
    ],
)
def test_a_number_that_cannot_be_says_so_at_its_field(story: Story, changed: dict[str, Any], message: str) -> None:
    answer = browser(story, "administrator").post(POLICY, {**numbers(), **changed})
    assert answer.status_code == 422
    assert message in words(answer.content.decode())


def test_nothing_different_is_said(story: Story) -> None:
    answer = browser(story, "administrator").post(POLICY, numbers(), follow=True)
    assert "Nothing is different" in answer.content.decode()


def test_a_policy_that_was_changed_meanwhile_is_asked_again(story: Story) -> None:
    client = browser(story, "administrator")
    fields = hidden(client.post(POLICY, numbers(answer_days=45)).content.decode())
    change_policy({"secret_days": 7}, **said(story), comment="First.")
    answer = client.post(f"{POLICY}change/", {**fields, "comment": "Second."})
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Ada Admin changed this" in text
    assert "Second." in text
    assert "7 → 14" in words(text)
    client.post(f"{POLICY}change/", {**hidden(text), "comment": "Second."})
    assert current_policy() == Policy(answer_days=45)


def test_the_pages_take_a_constant_number_of_queries(story: Story) -> None:
    client = browser(story, "administrator")
    before = [queries(client, url) for url in (ENVIRONMENTS, REASONS, POLICY)]
    for number in range(3):
        details = environments.Details(f"https://e{number}.example/token", f"https://e{number}.example")
        environments.add_environment(f"E{number}", details, **said(story))
        texts = {"field": "", "title_en": f"R{number}", "title_nb": "R", "text_en": "T", "text_nb": "T"}
        return_reasons.add_return_reason(texts, **said(story))
        change_policy({"answer_days": 40 + number}, **said(story), comment="Again.")
    assert [queries(client, url) for url in (ENVIRONMENTS, REASONS, POLICY)] == before
