"""Compile the translations: `python -m scripts.messages` makes each .mo that is older than its .po.

polib does it, so that no gettext tools are needed where the portal only runs.
"""

from pathlib import Path

import polib

LOCALE = Path(__file__).resolve().parent.parent / "locale"


def compile_messages(folder: Path = LOCALE) -> list[Path]:
    """Write the .mo files that are missing or older than their .po under `folder`; return them."""
    made = []
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            polib.pofile(str(source)).save_as_mofile(str(target))
            made.append(target)
    return made


if __name__ == "__main__":
    compile_messages()
