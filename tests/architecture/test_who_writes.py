"""Only actions, delivery and the outbox write rows; everything else asks them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.environment import BASE_DIR

pytestmark = pytest.mark.sqlite_only

WRITERS = {"actions", "delivery", "outbox.py"}
ALWAYS = {"save", "bulk_create", "bulk_update", "get_or_create", "update_or_create", "create_user", "executemany"}
OF_ROWS = {"create", "update", "delete"}  # dictionaries have some of these too: the receiver tells them apart
ROWS = (".objects", ".filter(", ".exclude(", ".all()")
SIGN_UP = {"create_user", "get_or_create"}  # a new person and the address, on behalf of the sign-in library


def writes(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and name of each call in `path` that writes rows."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name, receiver = node.func.attr, ast.unparse(node.func.value)
            if name in ALWAYS or (name in OF_ROWS and any(mark in receiver for mark in ROWS)):
                yield node.lineno, name


def test_nothing_else_writes_rows() -> None:
    accounts = BASE_DIR / "accounts"
    rooms = [p for p in accounts.iterdir() if p.name not in {*WRITERS, "models", "migrations", "__pycache__"}]
    files = [f for room in rooms for f in ([room] if room.is_file() else room.rglob("*.py"))]
    found = {
        f"{file.relative_to(accounts)}:{line} {name}"
        for file in files
        if file.suffix == ".py"
        for line, name in writes(file)
        if not (file == accounts / "web" / "signin.py" and name in SIGN_UP)
    }
    assert found == set()


def test_the_rule_can_be_broken(tmp_path: Path) -> None:
    path = tmp_path / "page.py"
    path.write_text("Order.objects.filter(pk=1).update(state='x')\nseen.update({})\norder.save()\n")
    assert list(writes(path)) == [(1, "update"), (3, "save")]
