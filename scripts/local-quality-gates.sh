#!/usr/bin/env bash
# The checks of a quality tier, the same here as in CI; --help lists the options.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/../ci" gate "$@"
