#!/bin/sh
# run.sh LEVEL SCRIPT ARGS: find a Python, make the environment for LEVEL (base, test, browser), run SCRIPT in it.
# This much is shell because nothing can be taken for granted before a Python is found; the rest is environment.py.
root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd) || exit 1
cd "$root" || exit 1

case $1 in
help)
    echo "make TARGET"
    sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  \1|\2/p' Makefile | awk -F'|' '{ printf "%-15s %s\n", $1, $2 }'
    exit 0 ;;
clean)
    rm -rf .venv .local .pytest_cache .ruff_cache .hypothesis artefacts build dist ./*.egg-info
    for folder in cs231n_helpers tests tools benchmarks notebooks data; do
        [ -d "$folder" ] && find "$folder" \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +
    done
    exit 0 ;;
esac

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

if [ -n "$PYTHON" ]; then
    new_enough "$PYTHON" || {
        echo "PYTHON=$PYTHON does not run, or is older than Python 3.11. Name another, or leave PYTHON out." >&2
        exit 1
    }
    python=$PYTHON
else
    for python in .venv/bin/python python3.14 python3.13 python3.12 python3.11 python3 python ""; do
        [ -n "$python" ] && new_enough "$python" && break
    done
    [ -n "$python" ] || {
        echo "No Python 3.11 or newer was found on the PATH. Install one (python.org, your system's packages, Homebrew)," >&2
        echo "or name it: make ${MAKE_TARGET:-lab} PYTHON=/path/to/python3.12" >&2
        exit 1
    }
fi
exec "$python" tools/environment.py "$@"
