"""Reading the environment: where a value comes from, and what is said when it is missing or makes no sense.

A value comes from the process environment, else from `.env` in the project's folder, else from `portal.env`
in DATA_DIR. An empty value counts as not given. Every mistake is an ImproperlyConfigured with one sentence
that names the variable and what to write; the value itself is never repeated: it may hold a password.
"""

import base64
import binascii
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from portal import embedded

BASE_DIR = Path(__file__).resolve().parent.parent

_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
_DATABASE_SCHEMES = ("postgresql", "postgres", "sqlite")
_MAIL_SCHEMES = (
    "smtp",
    "smtps",
    "smtp+tls",
    "smtp+ssl",
    "filemail",
    "consolemail",
    "memorymail",
    "dummymail",
)
_MAIL_PORTS = {"smtps": 587, "smtp+tls": 587, "smtp+ssl": 465}
_BROKER_SCHEMES = ("redis", "rediss", "filesystem", "memory")
_SHORT = 40  # characters: below that a SECRET_KEY can be guessed; Django's own check asks for 50


class Layer(environ.Env):
    """One file's variables, read apart so that nothing is written into os.environ."""

    ENVIRON: dict[str, str] = {}


class Environment(environ.Env):
    """The variables as one mapping (`ENVIRON`), with typed readers whose errors are sentences."""

    data_dir: Path

    @classmethod
    def read(cls) -> "Environment":
        """Return the environment of this process with both files laid under it; os.environ stays as it is."""
        env = cls()
        env.ENVIRON = {name: value for name, value in os.environ.items() if value.strip()}
        env.lay_under(BASE_DIR / ".env")
        env.data_dir = Path(env.str("DATA_DIR", str(BASE_DIR / "data"))).expanduser().absolute()
        env.lay_under(env.data_dir / embedded.KEY_FILE)
        return env

    def lay_under(self, path: Path) -> None:
        """Add what stands in the file at `path`, if it is there, for names that have no value yet."""
        if not path.is_file():
            return
        Layer.ENVIRON = {}
        try:
            Layer.read_env(str(path))
        except (OSError, UnicodeDecodeError) as mistake:
            raise ImproperlyConfigured(f"{path} cannot be read ({mistake}). Make it a readable UTF-8 file.") from None
        for name, value in Layer.ENVIRON.items():
            if value.strip():
                self.ENVIRON.setdefault(name, value)

    def given(self, name: str) -> bool:
        """Say whether `name` has a value anywhere."""
        return name in self.ENVIRON

    def text(self, name: str, default: str = "") -> str:
        """Return a plain text; a value that begins with `$` is taken as it stands."""
        return str(self.ENVIRON.get(name, default)).strip()

    def number(self, name: str, default: int) -> int:
        """Return a whole number from 0."""
        value = self.text(name, str(default))
        if not value.isdecimal():
            raise ImproperlyConfigured(f"{name} must be a whole number, such as {default}.")
        return int(value)

    def yes(self, name: str, default: bool) -> bool:
        """Return a truth value written as true/false, yes/no, on/off or 1/0."""
        value = self.text(name, str(default)).lower()
        if value in {"true", "yes", "on", "1"}:
            return True
        if value in {"false", "no", "off", "0"}:
            return False
        raise ImproperlyConfigured(f"{name} must be true or false.")

    def names(self, name: str, default: list[str]) -> list[str]:
        """Return a comma-separated list."""
        return [part.strip() for part in self.text(name).split(",") if part.strip()] or default

    def demanded(self, name: str, example: str) -> str:
        """Return a value that production cannot do without."""
        if not self.given(name):
            raise ImproperlyConfigured(
                f"{name} is not set. It must be set because DATABASE_URL is; for example {name}={example}"
            )
        return self.text(name)

    def address(self, name: str, default: str) -> str:
        """Return a web address without a slash at its end."""
        value = self.text(name, default).rstrip("/")
        parts = _split(value)
        if not parts or parts.scheme not in {"http", "https"} or not parts.hostname or parts.path:
            raise ImproperlyConfigured(
                f"{name} must be the address people use, such as https://access.example.com, without a path."
            )
        return value

    def database(self, default: str) -> dict[str, Any]:
        """Return Django's description of the database in DATABASE_URL."""
        sentence = "DATABASE_URL must look like postgresql://USER:PASSWORD@HOST:5432/NAME or sqlite:////FOLDER/FILE."
        url = self.text("DATABASE_URL", default)
        parts = _split(url)
        if not parts or parts.scheme not in _DATABASE_SCHEMES or len(parts.path) < 2:
            raise ImproperlyConfigured(sentence)
        return dict(self.db_url_config(url))

    def mail(self, default: str) -> dict[str, Any]:
        """Return the EMAIL_... settings for EMAIL_URL."""
        url = self.text("EMAIL_URL", default)
        parts = _split(url)
        if not parts or parts.scheme not in _MAIL_SCHEMES or (parts.scheme.startswith("smtp") and not parts.hostname):
            raise ImproperlyConfigured(
                "EMAIL_URL must look like smtp+tls://USER:PASSWORD@HOST:587 (or smtp://HOST:25, "
                "smtp+ssl://HOST:465, filemail:///FOLDER); write special letters in the password as %XX."
            )
        config = dict(self.email_url_config(url))
        config["EMAIL_PORT"] = config["EMAIL_PORT"] or _MAIL_PORTS.get(parts.scheme, 25)
        config["EMAIL_FILE_PATH"] = parts.path if parts.scheme == "filemail" else None
        return {name: value for name, value in config.items() if value is not None}

    def broker(self, default: str) -> str:
        """Return CELERY_BROKER_URL."""
        url = self.text("CELERY_BROKER_URL", default)
        parts = _split(url)
        if not parts or parts.scheme not in _BROKER_SCHEMES:
            raise ImproperlyConfigured(
                "CELERY_BROKER_URL must look like redis://HOST:6379/0 (or filesystem://localhost)."
            )
        return url

    def mailbox(self, name: str) -> str:
        """Return the address of an IMAP mailbox; "" where there is none."""
        url = self.text(name)
        parts = _split(url) if url else None
        if url and (not parts or parts.scheme not in {"imaps", "imap"} or not parts.hostname or not parts.username):
            raise ImproperlyConfigured(
                f"{name} must look like imaps://USER:PASSWORD@HOST/INBOX (special letters as %XX)."
            )
        return url

    def secret_key(self, value: str) -> str:
        """Return SECRET_KEY if it is long enough to keep sessions safe."""
        if len(value) < _SHORT:
            raise ImproperlyConfigured(
                f"SECRET_KEY must have {_SHORT} characters or more. Make one with: "
                'python -c "import secrets; print(secrets.token_urlsafe(50))"'
            )
        return value


def credential_keys(value: str) -> dict[str, bytes]:
    """Return the keys in CREDENTIAL_KEYS (`id:base64,id:base64`) in their order: the first one encrypts."""
    keys: dict[str, bytes] = {}
    for number, part in enumerate((part.strip() for part in value.split(",")), start=1):
        name, _, encoded = part.partition(":")
        key = _decoded(encoded)
        if not _KEY_ID.fullmatch(name) or len(key) != 32:
            raise ImproperlyConfigured(
                f"CREDENTIAL_KEYS: key {number} must be ID:KEY, where ID is letters, digits, - or _ and KEY "
                "is 32 random bytes in base64. Make one with: "
                "python -c \"import base64, os; print('k1:' + base64.b64encode(os.urandom(32)).decode())\""
            )
        if name in keys:
            raise ImproperlyConfigured(f"CREDENTIAL_KEYS: two keys have the id {name}. Give every key its own id.")
        keys[name] = key
    return keys


def _decoded(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _split(url: str) -> Any:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where the port is not a number
    except ValueError:
        return None
    return parts
