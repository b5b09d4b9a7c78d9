"""Two press the button at once, in browsers of their own: one sees the secret, the other is told who was first."""

from __future__ import annotations

import re
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test import Client

from accounts.actions.collecting import let_collect
from accounts.models import Account, Credential, Event
from tests.story import Story
from tests.web.test_collect import READY, issued, url
from tests.web.visitors import browser_of

WHO_AND_WHEN = re.compile(r"(Ingrid Solheim|Stranger) collected the client secret on \d+ \w+ \d{4} at \d\d:\d\d\.")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("second", ["ingrid", "stranger"])
def test_two_presses_at_once_show_it_once(second: str) -> None:
    """The owner on two devices; the owner and the technical contact whom they let."""
    story = Story()
    account = issued(story)
    let_collect(Account.objects.get(pk=account.pk), by=story.actor("ingrid"), now=story.now)
    browsers = [browser_of(story.ingrid), browser_of(getattr(story, second))]
    start, answers = Barrier(2), list[tuple[int, bool, bool]]()

    def press(client: Client) -> None:
        try:
            start.wait()
            answer = client.post(url(account), READY)
            text = answer.content.decode()
            answers.append((answer.status_code, "canary-~9f2" in text, bool(WHO_AND_WHEN.search(text))))
        finally:
            connection.close()

    threads = [Thread(target=press, args=[browser]) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [(200, True, False), (409, False, True)]
    assert Event.objects.filter(verb="reveal_secret").count() == 1
    assert Credential.objects.get().sealed_secret == ""
