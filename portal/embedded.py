"""The embedded mode: no server needed, everything in DATA_DIR; and the keys that it makes for itself, once.

`python -m portal.embedded` makes the keys that are missing: for the demonstration with a real database
(`make run`). In production the operator gives the keys.
"""

import base64
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from portal.files import locked, write_whole

KEY_FILE = "portal.env"


def ensure_keys(data_dir: Path, given: Mapping[str, str]) -> dict[str, str]:
    """Return SECRET_KEY and CREDENTIAL_KEYS: those `given`, else those kept in `data_dir`, else new ones.

    New ones are kept there. Safe when several processes start together: they take turns at a lock on the
    folder, and the file is replaced whole. It is readable by its owner only. Raises OSError where the folder
    cannot be written.
    """
    path = data_dir / KEY_FILE
    with locked(data_dir):
        kept = _read(path)
        known = {**kept, **{name: value for name, value in given.items() if value}}
        new = {name: make() for name, make in _MAKERS.items() if not known.get(name)}
        if new:
            _replace(path, {**kept, **new})
    return {name: known.get(name) or new[name] for name in _MAKERS}


def new_credential_key() -> str:
    """Return a fresh `keyid:base64-of-32-bytes` for CREDENTIAL_KEYS. The id says which rows use the key."""
    return f"k{secrets.token_hex(3)}:{base64.b64encode(secrets.token_bytes(32)).decode()}"


def new_secret_key() -> str:
    """Return a fresh SECRET_KEY. URL-safe letters: a leading `$` would be read as another variable's name."""
    return secrets.token_urlsafe(50)


_MAKERS = {"SECRET_KEY": new_secret_key, "CREDENTIAL_KEYS": new_credential_key}


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _replace(path: Path, values: Mapping[str, str]) -> None:
    remark = "# Made by the portal for itself. Back it up: no kept secret can be read without these keys.\n"
    write_whole(path, remark + "".join(f"{name}={value}\n" for name, value in values.items()), durable=True)


def main() -> None:
    """Make the missing keys for the environment this runs in."""
    from portal.environment import Environment

    env = Environment.read()
    try:
        ensure_keys(env.data_dir, env.ENVIRON)
    except OSError as mistake:
        sys.exit(f"DATA_DIR ({env.data_dir}) cannot be written: {mistake.strerror}. Name a folder that can be.")


if __name__ == "__main__":
    main()
