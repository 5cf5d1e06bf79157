#!/usr/bin/env bash
# How the actions beside this file start the engine that they arrived with.
set -euo pipefail
exec bash "$(dirname "${BASH_SOURCE[0]}")/../ci" "$@"
