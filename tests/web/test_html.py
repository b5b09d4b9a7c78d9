"""Every page answers as it should and is HTML without a mistake, read by a parser that knows the standard's rules."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import Client
from tinyhtml5.parser import HTMLParser

from tests.pages import ROLES
from tests.scene import Scene
from tests.web.visitors import browser_of


@pytest.fixture
def scene(db: None, tmp_path: Path, settings: object) -> Scene:
    """A portal with something on every page; it keeps its mails, so that there is a mailbox."""
    settings.MAIL_IS_KEPT, settings.MAIL_FOLDER = True, tmp_path  # type: ignore[attr-defined]
    settings.ROOT_URLCONF = "tests.web.mailbox_urls"  # type: ignore[attr-defined]
    return Scene(tmp_path)


def mistakes(html: bytes) -> list[str]:
    """What the standard calls a parse error, each with its place and the words around it."""
    parser = HTMLParser()
    parser.parse(html, transport_encoding="utf-8")
    lines = html.decode().splitlines()
    return [
        f"{code} {data or ''} at {line}:{column}: {lines[line - 1][max(0, column - 60) : column + 20]}"
        for (line, column), code, data in parser.errors
    ]


@pytest.mark.parametrize("language", ["en", "nb"])
def test_every_page_is_html_without_a_mistake(scene: Scene, language: str) -> None:
    wrong: list[str] = []
    for page in [page for pages in ROLES.values() for page in pages if not page.press]:
        client = browser_of(getattr(scene, page.who)) if page.who else Client()
        client.raise_request_exception = False
        answer: HttpResponse = client.get(page.address(scene), headers={"Accept-Language": language})
        if answer.status_code == page.status:
            wrong += [f"{page.label}: {what}" for what in mistakes(answer.content)]
        else:
            wrong.append(f"{page.label}: answered {answer.status_code}, not {page.status}")
    assert not wrong, "\n".join(wrong)


def test_mistakes_are_found() -> None:
    sound = b'<!DOCTYPE html><html lang="en"><head><title>x</title></head><body><p>Fine</p></body></html>'
    assert mistakes(sound) == []
    for broken in (b"<div><p>unclosed</div></p>", b'<p id="a" id="b">twice</p>', b"<table><p>out</p></table>", b"<b>"):
        assert mistakes(sound.replace(b"<p>Fine</p>", broken)), broken
