"""Files that several processes read and write: whole or not at all, and one writer at a time."""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


def write_whole(path: Path, text: str, *, durable: bool = False) -> None:
    """Write `text` to `path` so that a reader sees all of it or the file that was there before.

    Only the owner may read it. `durable` waits until the disk has it, for what must outlive a power cut.

    Raises:
        OSError: The folder cannot be written; nothing is left behind.
    """
    # mkstemp opens with O_EXCL and mode 0600; renaming swaps the whole file in one step.
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let one process at a time in among those that lock `folder`, which is made; a killed one lets go by itself."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
