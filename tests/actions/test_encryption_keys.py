"""The key for the encryption at rest is changed: nothing is lost, whoever is in the middle of what."""

from __future__ import annotations

import os
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import LazySettings
from django.core.management import CommandError

from accounts.actions import connectors, credentials, encryption_keys, results, secrets, webhooks
from accounts.models import Account, Connector, Credential, WebhookEndpoint
from accounts.models.encrypted import BadKey, key_id_of
from tests.actions.connecting import connected
from tests.actions.tools import at_once, nothing_written
from tests.commands.running import run
from tests.gateways.fake_graph import SECRET, graph_running
from tests.story import Story

OLD, NEW = {"k1": os.urandom(32)}, {"k2": os.urandom(32)}
TOTP_SECRET = "JBSWY3DPEHPK3PXP"


class Held:
    """Something sealed of every kind, under the key ``k1``."""

    def __init__(self, story: Story) -> None:
        order = story.order_in("issued", environments=("TEST", "PRODUCTION"))
        self.credentials = list(Credential.objects.filter(account__order=order).order_by("account__environment"))
        by = {"by": story.actor("administrator"), "now": story.now}
        self.endpoint = webhooks.make("Loop", "https://loop.example/hook", verbs=["approve"], **by).endpoint
        TOTP.activate(story.support, TOTP_SECRET)
        self.codes = set(RecoveryCodes.activate(story.support).get_unused_codes())
        self.person = story.support

    def keys(self) -> set[str]:
        """The keys that seal anything now."""
        found = {key_id_of(text) for text in Credential.objects.exclude(sealed_secret="").values_list(
            "sealed_secret", flat=True)}  # fmt: skip
        found |= {key_id_of(endpoint.sealed_secret) for endpoint in WebhookEndpoint.objects.all()}
        return found | {
            key_id_of(one.data[name]) for one in Authenticator.objects.all() for name in ("secret", "seed")
            if name in one.data
        }  # fmt: skip

    def opens(self) -> bool:
        """Is everything there, and what it was?"""
        stored = Credential.objects.filter(pk__in=[one.pk for one in self.credentials], destroyed_at=None)
        right = {one.pk: f"secret-{one.account.environment.name}" for one in self.credentials}
        factors = {one.type: one.wrap() for one in Authenticator.objects.filter(user=self.person)}
        return (
            all(secrets.opened(one) == right[one.pk] for one in stored)
            and set(factors["recovery_codes"].get_unused_codes()) == self.codes
        )


@pytest.fixture
def held(story: Story, settings: LazySettings) -> Held:
    settings.CREDENTIAL_KEYS = OLD
    return Held(story)


def rotate(settings: Any, keys: dict[str, bytes], **options: Any) -> encryption_keys.Report:
    settings.CREDENTIAL_KEYS = keys
    return encryption_keys.rotate(keys, **options)


def test_what_connectors_know_and_have_made_is_sealed_anew_too(story: Story, settings: LazySettings) -> None:
    settings.CREDENTIAL_KEYS = OLD
    with graph_running() as graph, connected(story) as on:
        on.by_entra(story.test, graph)
        order = story.order_in("cegal_setup", environments=("TEST", "PRODUCTION"))
        assert on.work() == {"opened": 1, "answered": 1, "waiting": 1}, "the result waits for what people enter"
        made = results.opened(order.operations.get())
        report = rotate(settings, {**NEW, **OLD})
        assert (report.changed, report.problems) == (2, [])
        settings.CREDENTIAL_KEYS = NEW
        assert connectors.secret_of(Connector.objects.get()) == SECRET
        assert results.opened(order.operations.get()) == made


def test_whatever_holds_a_sealed_text_names_its_column_so() -> None:
    """A rotation finds its texts by that name, and opens them with the row's own id."""
    found = {model.__name__ for model in encryption_keys.holders()}
    assert found == {"Credential", "Connector", "Feed", "Operation", "WebhookEndpoint"}
    assert all(model._meta.pk.get_internal_type() == "UUIDField" for model in encryption_keys.holders())


def test_everything_is_sealed_anew_and_the_old_key_can_go(held: Held, settings: LazySettings) -> None:
    report = rotate(settings, {**NEW, **OLD})
    assert (report.changed, report.problems, report.idle({**NEW, **OLD})) == (5, [], ["k1"])
    settings.CREDENTIAL_KEYS = NEW
    assert held.keys() == {"k2"}
    assert held.opens()
    assert rotate(settings, NEW).changed == 0


def test_a_dry_run_only_counts(held: Held, settings: LazySettings) -> None:
    with nothing_written():
        report = rotate(settings, {**NEW, **OLD}, dry_run=True)
    assert (report.changed, report.under("k1"), report.under("k2"), report.idle({**NEW, **OLD})) == (0, 5, 0, [])


def test_what_is_cut_off_goes_on_where_it_stopped(held: Held, settings: LazySettings) -> None:
    """Killed after each single text in turn: everything opens all the time, and the next run does the rest."""
    for _kill in range(5):
        done = 0

        def stop() -> None:
            nonlocal done
            done += 1
            if done > _kill:  # noqa: B023 - called within this turn of the loop
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            rotate(settings, {**NEW, **OLD}, between=stop)
        assert held.opens()
    assert rotate(settings, {**NEW, **OLD}).under("k1") == 0
    assert held.opens()


def test_a_text_whose_key_is_missing_is_named_and_stays(held: Held, settings: LazySettings) -> None:
    with nothing_written():
        report = rotate(settings, NEW)
    assert {problem.key_id for problem in report.problems} == {"k1"}
    assert len(report.problems) == 5
    assert "Add it to CREDENTIAL_KEYS" in report.problems[0].sentence
    settings.CREDENTIAL_KEYS = {**NEW, **OLD}
    assert held.opens()


def test_a_text_that_was_moved_from_another_row_is_named_and_stays(held: Held, settings: LazySettings) -> None:
    one, other = held.credentials
    Credential.objects.filter(pk=one.pk).update(sealed_secret=other.sealed_secret)
    report = rotate(settings, {**NEW, **OLD})
    assert [(problem.what, problem.row, problem.key_id) for problem in report.problems] == [
        ("credential", str(one.pk), "")
    ]
    assert report.changed == 4


def test_a_secret_that_is_collected_between_reading_and_writing_stays_destroyed(
    held: Held, settings: LazySettings, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = held.credentials[0]

    def collected(*said: Any, **named: Any) -> str:
        if Credential.objects.filter(pk=mine.pk, destroyed_at=None).exists():
            credentials.reveal(mine, by=story.actor("ingrid"), now=story.now)
        return original(*said, **named)

    original = encryption_keys.seal
    monkeypatch.setattr(encryption_keys, "seal", collected)
    rotate(settings, {**NEW, **OLD})
    row = Credential.objects.get(pk=mine.pk)
    assert (row.sealed_secret, row.revealed_by) == ("", "Ingrid Solheim")


@pytest.mark.django_db(transaction=True)
def test_collected_and_sealed_anew_at_the_same_moment(settings: LazySettings) -> None:
    settings.CREDENTIAL_KEYS = OLD
    story = Story()
    order = story.order_in("issued")
    by, settings.CREDENTIAL_KEYS = story.actor("ingrid"), {**NEW, **OLD}
    credential = order.accounts.get().credentials.get()

    def work(place: int) -> Any:
        if place:
            return encryption_keys.rotate({**NEW, **OLD}).changed
        return credentials.reveal(credential, by=by, now=story.now)

    said = at_once(4, work)
    assert said[0] == "secret-TEST"
    row = Credential.objects.get(pk=credential.pk)
    assert (row.sealed_secret, row.revealed_by) == ("", "Ingrid Solheim")


def test_without_a_key_nothing_begins(held: Held) -> None:
    with nothing_written(), pytest.raises(BadKey):
        encryption_keys.rotate({})


def test_the_command_says_what_each_key_seals(held: Held, settings: LazySettings) -> None:
    settings.CREDENTIAL_KEYS = {**NEW, **OLD}
    said = run("rotate_encryption_keys", "--dry-run")
    assert "k1: 2 client secrets, 2 second factors, 1 secrets of webhooks." in said
    assert "k2 (encrypts): seals nothing." in said
    said = run("rotate_encryption_keys")
    assert "Sealed anew: 5 texts." in said
    assert "Can be taken out of CREDENTIAL_KEYS: k1." in said


def test_the_command_fails_where_a_key_is_missing(
    held: Held, settings: LazySettings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.CREDENTIAL_KEYS = NEW
    from django.core.management import call_command

    with pytest.raises(CommandError, match="5 texts could not be opened") as stopped:
        call_command("rotate_encryption_keys")
    assert stopped.value.returncode == 1
    assert f"client secrets, row {held.credentials[0].pk}" in capsys.readouterr().err
    assert Account.objects.count() == 2
