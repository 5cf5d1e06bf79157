#!/usr/bin/env bash
# Which package of this repository needs which; --help tells the options.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/../ci" packages "$@"
