"""The portal's settings under test: nothing of this machine's environment leaks in, nothing leaves it.

TEST_DATABASE_URL names another database than SQLite (`make test` sets it for its second run).
"""

import os
import tempfile
from pathlib import Path

_folder = Path(tempfile.gettempdir()) / f"portal-tests-{os.getuid()}"
os.environ.update(
    {
        "DATABASE_URL": os.environ.get("TEST_DATABASE_URL") or f"sqlite:///{_folder}/portal.sqlite3",
        "DATA_DIR": str(_folder),
        "SECRET_KEY": "only-for-tests-only-for-tests-only-for-tests-only-for-tests",
        "CREDENTIAL_KEYS": "t1:dGVzdC1rZXktbnVtYmVyLW9uZS0zMi1ieXRlcy1sb24=,"
        "t0:dGVzdC1rZXktbnVtYmVyLXR3by0zMi1ieXRlcy1sb24=",
        "EMAIL_URL": "memorymail://",
        "CELERY_BROKER_URL": "memory://",
        "PORTAL_URL": "http://localhost:8000",
        "DEBUG": "false",
        "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
        "TRUSTED_PROXIES": "0",
        "REQUIRE_SECOND_FACTOR": "false",  # the tests about it switch it on
        "OIDC_ISSUER": "",
        "METRICS_TOKEN": "",
        "LOG_LEVEL": "WARNING",
    }
)
_folder.mkdir(mode=0o700, parents=True, exist_ok=True)

from portal.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
DATABASES["default"]["CONN_MAX_AGE"] = 0  # noqa: F405  # threads of a test leave no connection behind
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
