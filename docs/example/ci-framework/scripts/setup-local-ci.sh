#!/usr/bin/env bash
# Prepare the environment and the git hooks; --help lists the options.
set -euo pipefail
exec "$(dirname "${BASH_SOURCE[0]}")/../ci" setup "$@"
