"""set_graph_feed: the secret comes out of the environment and goes into the database sealed."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from accounts.actions.feeds import secret_of
from accounts.models import Feed

pytestmark = pytest.mark.django_db
SET = ("set_graph_feed", "production", "--tenant", "contoso.onmicrosoft.com", "--client-id", "app")


def test_it_is_set_up_changed_and_stopped(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("GRAPH_CLIENT_SECRET", "s3cret")
    call_command(*SET)
    feed = Feed.objects.get()
    assert (feed.environment.name, feed.kind, feed.states_coverage) == ("PRODUCTION", "graph", False)
    assert secret_of(feed) == "s3cret"
    call_command(*SET, "--states-coverage")
    assert Feed.objects.get().states_coverage
    call_command("set_graph_feed", "PRODUCTION", "--stop")
    assert Feed.objects.get().stopped_at is not None
    out, err = capsys.readouterr()
    assert "s3cret" not in out + err


def test_without_a_secret_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRAPH_CLIENT_SECRET", raising=False)
    with pytest.raises(CommandError, match="client secret"):
        call_command(*SET)
    assert not Feed.objects.exists()


def test_what_is_not_there_cannot_be_stopped() -> None:
    with pytest.raises(CommandError, match="has no feed"):
        call_command("set_graph_feed", "TEST", "--stop")
