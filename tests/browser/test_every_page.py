"""Every page in every role in a real browser: axe, both widths and schemes, console, title, language, weight."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page as BrowserPage

from tests.browser.conftest import Enter
from tests.browser.soundness import listen, look, serious
from tests.pages import NO_PAGES, PAGES, ROLES, Page, url_names
from tests.scene import Scene

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

NO_PICTURE = {
    "mail": "holds the code of whoever signed in for the pictures",
    "mfa_view_recovery_codes": "holds codes, for people who have a second factor",
    "person_reactivate": "looks like the page that deactivates",
    "environment_restore": "looks like the page that retires",
    "account_secret_in_use": "looks like the page that closes an account",
    "account_keep_both": "looks like the page that leaves an account alone",
    "account_test_new": "needs a second secret that was collected, which the sample data has not",
    "feed_gap": "the sample data’s usage has no gap",
    "provider_open_again": "the sample data has no connector, and so no difference",
}
"""Pages of which `make screens` takes no picture, each with the reason."""


@pytest.fixture
def scene(transactional_db: None, tmp_path: Path, settings: object) -> Scene:
    """A portal with something on every page; it keeps its mails, so that there is a mailbox."""
    settings.MAIL_IS_KEPT, settings.MAIL_FOLDER = True, tmp_path  # type: ignore[attr-defined]
    settings.ROOT_URLCONF = "tests.web.mailbox_urls"  # type: ignore[attr-defined]
    return Scene(tmp_path)


def test_no_page_is_forgotten() -> None:
    walked = {page.name for page in PAGES}
    assert url_names() - walked - set(NO_PAGES) == set(), "walk these in tests/pages.py, or say why they are no page"
    assert set(NO_PAGES) - url_names() == set(), "these are gone"
    assert walked & set(NO_PAGES) == set(), "these are walked and excluded"


def test_every_page_has_a_picture() -> None:
    from scripts.screen_pages import TABLE

    pictured = {url_name for _role, _name, url_name, _given, _more in TABLE}
    assert {page.name for page in PAGES} - pictured - set(NO_PICTURE) == set(), "take these in scripts/screen_pages.py"
    names = [name for _role, name, _url, _given, _more in TABLE]
    assert sorted(names) == sorted(set(names)), "two pictures with one name"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("role", ROLES)
def test_every_page_is_sound(scene: Scene, enter: Enter, role: str) -> None:
    wrong: list[str] = []
    titles: dict[str, str] = {}
    for page, window, said in _opened(scene, enter, ROLES[role]):
        _go(scene, page, window, wrong)
        wrong += [f"{page.label}: {what}" for what in [*look(window), *serious(said)]]
        same = titles.setdefault(window.title(), page.name)
        if same != page.name and page.status == 200:
            wrong.append(f"{page.label}: the title “{window.title()}” is also that of {same}")
    assert not wrong, "\n".join(wrong)


def _opened(scene: Scene, enter: Enter, pages: list[Page]) -> Iterator[tuple[Page, BrowserPage, list[str]]]:
    """Each page with its visitor's window, wide and light again, and what that window complains of.

    One window for all pages: a new one is a new process of the browser, half the time of the whole walk.
    """
    windows = {who: enter(getattr(scene, who) if who else None).new_page() for who in {page.who for page in pages}}
    complaints = {who: listen(window) for who, window in windows.items()}
    for page in pages:
        window, said = windows[page.who], complaints[page.who]
        said.clear()
        window.emulate_media(color_scheme=None)
        window.set_viewport_size({"width": 1280, "height": 844})
        yield page, window, said


def _go(scene: Scene, page: Page, window: BrowserPage, wrong: list[str]) -> None:
    answer = window.goto(page.address(scene))
    if answer is None or answer.status != page.status:
        wrong.append(f"{page.label}: answered {answer.status if answer else 'nothing'}, not {page.status}")
    for label, text in page.typed:
        window.locator("main").get_by_label(label).fill(text)
    if page.press:
        window.locator("main").get_by_role("button", name=page.press, exact=True).click()
        window.wait_for_load_state()
