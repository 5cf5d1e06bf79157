#!/usr/bin/env bash
# The dependencies between the packages of this repository; --help lists the options.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/../ci" packages "$@"
