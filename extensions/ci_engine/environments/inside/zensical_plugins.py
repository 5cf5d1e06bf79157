"""Print which plugins Zensical has. Runs in its environment.

It reads the configuration of MkDocs and drops every plugin that it has not:
https://zensical.org/compatibility/plugins/
"""

from __future__ import annotations

import sys
from importlib import import_module

config = import_module("zensical.config")
names = getattr(config, "_PLUGIN_UNSUPPORTED_OPTIONS", {})
sys.stdout.write("\n".join(names))
