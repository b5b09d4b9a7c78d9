"""Pictures of every page as each role sees it, into docs/screens/: `make screens`.

It starts the portal with sample data in a folder of its own, signs in as the sample people with the codes of the
portal's own mailbox, and takes each page wide and light in English, narrow and dark in Norwegian; the pages that are
used most in every combination.
"""

from __future__ import annotations

import argparse
import base64
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

WIDE, NARROW = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)
LOCALES = {"en": "en-GB", "nb": "nb-NO"}
LOOKS = [("wide-light", WIDE, "light", "en"), ("phone-dark", NARROW, "dark", "nb")]
MORE_LOOKS = [
    ("wide-light-nb", WIDE, "light", "nb"),
    ("wide-dark", WIDE, "dark", "en"),
    ("phone-light", NARROW, "light", "en"),
]
QUALITY = 55  # of WebP, in per cent: text stays sharp
TALLEST = 3000  # pixels: the whole page, but no picture that nobody scrolls
SECONDS = 120  # for the portal to start, and for its first mails


def main(arguments: list[str] | None = None) -> int:
    """Take every picture; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.screens", description=__doc__)
    parser.add_argument("--to", type=Path, default=Path("docs/screens"), help="the folder to write to [%(default)s]")
    parser.add_argument("--only", default="", help="only pages with this in their name")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="screens-") as folder, _portal(Path(folder)) as url:
        from scripts.screen_pages import pages, prepare

        prepare()
        wanted = [page for page in pages() if options.only in page.name]
        with sync_playwright() as playwright:
            found = shutil.which("chromium-headless-shell") or shutil.which("chromium")
            browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
            for email in dict.fromkeys(page.email for page in wanted):
                mine = {page.name: (page.path, page.often) for page in wanted if page.email == email}
                take(browser, url, options.to, mine, email)
            browser.close()
    total = sum(path.stat().st_size for path in options.to.iterdir())
    print(f"{len(list(options.to.iterdir()))} pictures, {total / 1_000_000:.1f} MB, in {options.to}")
    return 0


def take(browser: Browser, url: str, folder: Path, pages: dict[str, tuple[str, bool]], email: str) -> None:
    """Take one person’s pages, signed in once per language; ``pages``: path, and whether in every look."""
    folder.mkdir(parents=True, exist_ok=True)
    for language, locale in LOCALES.items():
        with _signed_in(browser, url, email, locale) as page:
            for name, (path, often) in pages.items():
                looks = [look for look in (LOOKS + MORE_LOOKS if often else LOOKS) if look[3] == language]
                for suffix, size, scheme, _language in looks:
                    _shoot(page, url + path, folder / f"{name}.{suffix}.webp", size, scheme)
            if "worklist" in pages and language == "en":
                page.set_viewport_size(WIDE)
                page.emulate_media(color_scheme="light")
                page.goto(url + pages["worklist"][0])
                page.screenshot(path=folder / "worklist.png")


def _shoot(page: Page, address: str, file: Path, size: ViewportSize, scheme: str) -> None:
    page.set_viewport_size(size)
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    answer = page.goto(address)
    page.wait_for_load_state("networkidle")
    if answer is None or answer.status >= 500:
        raise SystemExit(f"{address} answered {answer.status if answer else 'nothing'}.")
    tall = min(int(page.evaluate("document.documentElement.scrollHeight")), TALLEST)
    clip = {"x": 0, "y": 0, "width": size["width"], "height": tall, "scale": 1}
    session = page.context.new_cdp_session(page)
    shot = session.send(
        "Page.captureScreenshot",
        {"format": "webp", "quality": QUALITY, "captureBeyondViewport": True, "clip": clip},
    )
    session.detach()
    file.write_bytes(base64.b64decode(shot["data"]))


@contextmanager
def _portal(folder: Path) -> Iterator[str]:
    """The portal with sample data, in ``folder``, on a free port; its database is this process's too."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = {"DATA_DIR": str(folder), "PORT": str(port), "LOG_LEVEL": "WARNING"}
    os.environ.update(given, DJANGO_SETTINGS_MODULE="portal.settings")
    with (folder / "log").open("wb") as log:
        program = subprocess.Popen(
            [sys.executable, "-m", "portal.demo"], stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            url = f"http://localhost:{port}"
            _wait(url, program)
            import django

            django.setup()
            yield url
        finally:
            os.killpg(program.pid, signal.SIGTERM)
            program.wait(30)


def _wait(url: str, program: subprocess.Popen[bytes]) -> None:
    for _second in range(SECONDS):
        if program.poll() is not None:
            raise SystemExit("The portal ended before it answered: try `make run` to see why.")
        try:
            if httpx.get(f"{url}/health/live", trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(1)
    raise SystemExit(f"The portal did not answer within {SECONDS} seconds.")


@contextmanager
def _signed_in(browser: Browser, url: str, email: str, locale: str) -> Iterator[Page]:
    context = browser.new_context(viewport=WIDE, locale=locale)
    page = context.new_page()
    if email:
        page.goto(f"{url}/account/login/")
        page.fill("input[name=login]", email)
        page.click("main form button:not([type=button])")
        page.fill("input[name=code]", _code(context.new_page(), url, email))
        page.click("main form button")
        page.wait_for_load_state()
    yield page
    context.close()


def _code(page: Page, url: str, email: str) -> str:
    """The code out of the newest mail with one to ``email``."""
    for _try in range(10):
        page.goto(f"{url}/mailbox/")
        for link in [one.get_attribute("href") for one in page.locator("main th a").all()[:8]]:
            page.goto(f"{url}{link}")
            text = page.inner_text("main")
            found = re.search(r"^\s*([A-Z0-9]{3,}-?[A-Z0-9]{3,})\s*$", text, re.MULTILINE)
            if found and email in text:
                page.close()
                return found.group(1)
        time.sleep(1)
    raise SystemExit(f"There is no code for {email} among the newest mails of the mailbox.")


if __name__ == "__main__":
    sys.exit(main())
