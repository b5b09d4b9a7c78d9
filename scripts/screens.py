"""Pictures of the portal's pages, as each role sees them: `python -m scripts.screens` beside a running `make run`.

It signs in as the sample people with the codes in the portal's own mailbox, and writes PNG files: wide and narrow,
light and dark.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

WIDE, NARROW = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)
PAGES: dict[str, dict[str, str]] = {
    "": {"landing": "/", "sign-in": "/account/login/", "mailbox": "/mailbox/"},
    "requester": {
        "my-orders": "/orders/",
        "order-form": "/orders/new/",
        "order": "/orders/ >> th a",
        "my-accounts": "/accounts/",
        "account": "/accounts/ >> main h2 a, main h3 a, th a",
    },
    "support": {
        "worklist": "/staff/worklist/",
        "staff-order": "/staff/worklist/ >> th a",
        "staff-accounts": "/staff/accounts/",
        "staff-account": "/staff/accounts/ >> th a",
        "inactivity": "/staff/inactivity/",
        "messages": "/staff/messages/",
        "job-runs": "/staff/jobs/",
    },
    "service_responsible": {"approvals": "/staff/approvals/", "approve": "/staff/approvals/ >> th a"},
    "cegal": {"cegal": "/cegal/", "cegal-order": "/cegal/ >> th a, main li a"},
}
"""By role: the name of a picture and the page; after ``>>`` the link to follow from there."""


def main(arguments: list[str] | None = None) -> int:
    """Take every picture; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.screens", description=__doc__)
    parser.add_argument("--url", default="http://localhost:8000", help="where the portal runs [%(default)s]")
    parser.add_argument("--to", type=Path, default=Path("docs/screens"), help="the folder to write to [%(default)s]")
    parser.add_argument(
        "--as", dest="people", action="append", default=[], metavar="ROLE=EMAIL", help="who plays a role"
    )
    parser.add_argument("--only", default="", help="only pages with this in their name")
    parser.add_argument("--dark", action="store_true", help="the dark scheme too")
    options = parser.parse_args(arguments)
    options.to.mkdir(parents=True, exist_ok=True)
    people = dict(pair.split("=", 1) for pair in options.people)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for role, pages in PAGES.items():
            wanted = {name: path for name, path in pages.items() if options.only in name}
            if wanted and (not role or role in people):
                take(browser, options.url, options.to, wanted, people.get(role, ""), dark=options.dark)
        browser.close()
    return 0


def take(browser: Browser, url: str, folder: Path, pages: dict[str, str], email: str, *, dark: bool) -> None:
    """Take the pictures of one role, wide and narrow, signed in once."""
    with _signed_in(browser, url, email) as page:
        for name, path in pages.items():
            if not _open(page, url, path):
                print(f"{name}: nothing to show", file=sys.stderr)
                continue
            for suffix, size in (("", WIDE), ("-phone", NARROW)):
                page.set_viewport_size(size)
                page.screenshot(path=folder / f"{name}{suffix}.png", full_page=True)
                if dark:
                    page.emulate_media(color_scheme="dark")
                    page.screenshot(path=folder / f"{name}{suffix}-dark.png", full_page=True)
                    page.emulate_media(color_scheme="light")
            page.set_viewport_size(WIDE)


@contextmanager
def _signed_in(browser: Browser, url: str, email: str) -> Iterator[Page]:
    context = browser.new_context(viewport=WIDE, locale="en-GB")
    page = context.new_page()
    if email:
        page.goto(f"{url}/account/login/")
        page.fill("input[name=login]", email)
        page.click("main form button")
        page.fill("input[name=code]", _code(context.new_page(), url))
        page.click("main form button")
    yield page
    context.close()


def _code(page: Page, url: str) -> str:
    page.goto(f"{url}/mailbox/")
    page.click("main th a >> nth=0")
    found = re.search(r"^\s*([A-Z0-9]{3,}-?[A-Z0-9]{3,})\s*$", page.inner_text("main"), re.MULTILINE)
    page.close()
    if not found:
        raise SystemExit("There is no code in the newest mail of the mailbox.")
    return found.group(1)


def _open(page: Page, url: str, path: str) -> bool:
    start, _follow, link = path.partition(" >> ")
    page.goto(f"{url}{start}")
    if link:
        first = page.locator(link).first
        if not first.count():
            return False
        page.goto(f"{url}{first.get_attribute('href')}")
    page.wait_for_load_state("networkidle")
    return True


if __name__ == "__main__":
    sys.exit(main())
