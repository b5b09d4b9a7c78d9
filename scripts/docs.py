"""Keep the diagrams in README.md and docs/ in step with the rows they are drawn from.

`python -m scripts.docs --check` fails where they differ; `--write` puts the right text between the two marks.
"""

import argparse
import sys
from pathlib import Path

from accounts.lifecycle.diagram import as_mermaid

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("README.md", "docs/lifecycle.md")
BEGIN, END = "<!-- lifecycle:begin -->", "<!-- lifecycle:end -->"


def refreshed(text: str, diagram: str) -> str:
    """Return `text` with `diagram` between the marks. Raises ValueError where the marks are missing."""
    head, begin, rest = text.partition(BEGIN)
    _old, end, tail = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the marks {BEGIN} and {END} are missing")
    return f"{head}{BEGIN}\n\n{diagram.strip()}\n\n{END}{tail}"


def main(arguments: list[str] | None = None) -> int:
    """Check or write every page; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.docs", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--check", action="store_true", help="fail where a page differs from the rows")
    what.add_argument("--write", action="store_true", help="rewrite the pages from the rows")
    options = parser.parse_args(arguments)
    return max([_page(ROOT / name, as_mermaid(), write=options.write) for name in PAGES])


def _page(path: Path, diagram: str, *, write: bool) -> int:
    try:
        text = path.read_text(encoding="utf-8")
        wanted = refreshed(text, diagram)
    except (FileNotFoundError, ValueError) as mistake:
        print(f"{path.name}: {mistake}", file=sys.stderr)
        return 1
    if text == wanted:
        return 0
    if write:
        path.write_text(wanted, encoding="utf-8")
        return 0
    print(f'{path.name}: the diagram is not that of the rows; run "make docs".', file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
