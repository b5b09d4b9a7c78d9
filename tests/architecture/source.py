"""The product's source as syntax trees, for tests about what may stand where."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Module:
    """One file of ``accounts``; ``name`` is its path below it, for example ``web/door.py``."""

    name: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """The room it stands in: ``web``, ``actions``, ...; a file beside the rooms is its own."""
        return self.name.split("/")[0].removesuffix(".py")

    def calls(self) -> Iterator[ast.Call]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.Call))


@lru_cache
def modules() -> tuple[Module, ...]:
    """Every file of the product."""
    base = ROOT / "accounts"
    files = sorted(base.rglob("*.py"))
    return tuple(
        Module(path.relative_to(base).as_posix(), ast.parse(path.read_text(encoding="utf-8"))) for path in files
    )


def dotted(node: ast.AST) -> str:
    """The words of a name with dots (``timezone.now``), as far as it is one; calls in between are left out."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}".lstrip(".")
    if isinstance(node, ast.Call):
        return f"{dotted(node.func)}()"
    return ""
