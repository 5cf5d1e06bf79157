#!/usr/bin/env bash
# Check every configuration file; --help lists the options.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/../ci" validate "$@"
