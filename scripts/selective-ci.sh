#!/usr/bin/env bash
# The gate of some packages, such as those a change touches; --help tells the options.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/../ci" packages --gate "$@"
