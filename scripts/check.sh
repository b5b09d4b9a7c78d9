#!/usr/bin/env bash
# `make check`: every check that needs no test run. All of them run, side by side, so that one look shows everything;
# the last line says whether all passed.
set -u
cd "$(dirname "$0")/.."
bin="${VENV:-.venv}/bin"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
names=()

step() { # name, command...: begun here, told by `tell`
  local number=${#names[@]} started=$SECONDS
  names+=("$1")
  shift
  { "$@" >"$scratch/$number.out" 2>&1; echo "$? $((SECONDS - started))" >"$scratch/$number.end"; } &
}

tell() { # the steps in their order, with what the failed ones said; gives how many failed
  local failed=0 number code took
  wait
  for number in "${!names[@]}"; do
    read -r code took <"$scratch/$number.end"
    printf '  %-7s %-34s %2d s\n' "$([ "$code" = 0 ] && echo ok || echo FAILED)" "${names[$number]}" "$took"
    [ "$code" = 0 ] && continue
    sed 's/^/          /' "$scratch/$number.out"
    failed=$((failed + 1))
  done
  return "$failed"
}

embedded() { # a command of manage.py, in a folder of its own
  env -u DATABASE_URL -u EMAIL_URL -u CELERY_BROKER_URL DATA_DIR="$scratch/data" "$bin/python" manage.py "$@"
}

production() { # a command of manage.py, with an environment like that of production
  local keys
  keys=$("$bin/python" -c 'from portal.embedded import new_credential_key as c, new_secret_key as s; print(s(), c())')
  env DEBUG=false PORTAL_URL=https://access.example.com TRUSTED_PROXIES=1 DATA_DIR="$scratch/production" \
    DATABASE_URL=postgresql://portal:x@127.0.0.1:5432/portal EMAIL_URL=smtp+tls://u:p@mail.example.com:587 \
    CELERY_BROKER_URL=redis://127.0.0.1:6379/0 SECRET_KEY="${keys% *}" CREDENTIAL_KEYS="${keys#* }" \
    "$bin/python" manage.py "$@"
}

nothing_of_this_place() { # no address of a package registry, no path of a machine, in what is committed
  ! git grep -nE 'index-url|extra-index|find-links|/(home|Users|root)/[a-z]|python[h]osted|p[y]pi[.]|npm[j]s[.]' -- . \
    ':!scripts/check.sh' &&
    ! grep -nE '://' requirements.txt requirements-dev.txt
}

step "mypy" "$bin/mypy"
step "ruff: rules" "$bin/ruff" check --quiet .
step "ruff: format" "$bin/ruff" format --check --quiet --diff .
step "djlint: templates" "$bin/djlint" --lint --quiet templates
step "import-linter: arrows point down" "$bin/lint-imports" --no-cache
step "bandit" "$bin/bandit" --quiet --severity-level medium --recursive --configfile pyproject.toml accounts portal loop_standin scripts
step "migrations fit the models" embedded makemigrations --check --dry-run
step "Django: ready to deploy" production check --deploy --fail-level WARNING
step "diagrams fit the rows" "$bin/python" -m scripts.docs --check
step "nothing of this machine" nothing_of_this_place

tell && echo "make check: all passed" && exit 0
echo "make check: failed"
exit 1
