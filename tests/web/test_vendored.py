"""What others made and the portal serves is unchanged, listed, and comes with its licence."""

import hashlib
import re
import tomllib
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parents[2] / "static"
PACKAGES = tomllib.loads((STATIC / "VENDORED").read_text(encoding="utf-8"))["package"]
FILES = {name: digest for package in PACKAGES for name, digest in package["files"].items()}
LICENCE_WORDS = {
    "MIT": "Permission is hereby granted",
    "OFL-1.1": "SIL OPEN FONT LICENSE Version 1.1",
    "ISC": "ISC License",
}


@pytest.mark.parametrize(("name", "digest"), FILES.items(), ids=FILES.keys())
def test_a_vendored_file_is_the_one_that_was_listed(name: str, digest: str) -> None:
    assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == digest


def test_every_file_under_vendor_is_listed() -> None:
    there = {str(path.relative_to(STATIC)) for path in (STATIC / "vendor").rglob("*") if path.is_file()}
    assert there == set(FILES)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package["licence"])
def test_the_licence_text_is_there_and_says_what_the_list_says(package: dict[str, str]) -> None:
    text = (STATIC / package["licence_text"]).read_text(encoding="utf-8")
    assert LICENCE_WORDS[package["licence"]] in text
    assert package["version"]


def test_no_file_points_at_a_source_map() -> None:
    """The manifest storage refuses a style sheet that names a map which is not there."""
    pointing = [
        path
        for path in STATIC.rglob("*")
        if path.suffix in {".css", ".js"} and b"sourceMappingURL" in path.read_bytes()
    ]
    assert pointing == []


def test_every_address_in_our_style_sheets_leads_to_a_file() -> None:
    for sheet in (STATIC / "css").glob("*.css"):
        for address in re.findall(r'url\("(?!data:)([^")]+)"\)', sheet.read_text(encoding="utf-8")):
            assert (sheet.parent / address).resolve().is_file(), f"{sheet.name}: {address}"
