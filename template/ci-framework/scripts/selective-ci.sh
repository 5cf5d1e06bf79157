#!/usr/bin/env bash
# The gate of some packages, such as those a change touches; --help lists the options.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/../ci" packages --gate "$@"
