"""Browsers of people who signed in, on a live server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext
from pytest_django.live_server_helper import LiveServer

from accounts.models import Person
from tests.web.visitors import browser_of

Enter = Callable[..., BrowserContext]


@pytest.fixture
def enter(browser: Browser, live_server: LiveServer) -> Iterator[Enter]:
    """A browser window of ``person`` (or of nobody), signed in a moment ago; options as of a browser's context."""
    made: list[BrowserContext] = []

    def enter(person: Person | None = None, **options: Any) -> BrowserContext:
        usual = {"locale": "en-GB", "reduced_motion": "reduce", "viewport": {"width": 1280, "height": 844}}
        context = browser.new_context(base_url=live_server.url, **{**usual, **options})
        context.set_default_timeout(10_000)
        made.append(context)
        if person is not None:
            key = browser_of(person).session.session_key
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": live_server.url}])
        return context

    yield enter
    for context in made:
        context.close()
