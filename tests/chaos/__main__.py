"""``python -m tests.chaos [ROUNDS]``: the whole chaos run, thousands of accounts over 32 days, on a fresh PostgreSQL.

``CHAOS_SEED`` is the seed of the first round (the next ones count on), ``CHAOS_ACCOUNTS`` the number of accounts.
"""

import os
import random
import subprocess
import sys

from tests import servers

TEST = [sys.executable, "-m", "pytest", "-q", "-s", "-n", "0", "-p", "no:randomly", "tests/chaos/test_chaos.py"]


def main(rounds: int) -> int:
    """Run so many rounds, each with a seed of its own; 1 when one of them failed."""
    first = int(os.environ.get("CHAOS_SEED") or random.randrange(100_000))
    failed = 0
    for seed in range(first, first + rounds):
        with servers.postgres() as url:
            given = {"CHAOS_ACCOUNTS": "3000", **os.environ, "CHAOS_SEED": str(seed), "TEST_DATABASE_URL": url}
            failed |= subprocess.run(TEST, env=given).returncode
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1))
