"""Print the plugins of Zensical. Runs in its environment.

Zensical reads the configuration of MkDocs and ignores every other plugin:
https://zensical.org/compatibility/plugins/
"""

from __future__ import annotations

import sys
from importlib import import_module

config = import_module("zensical.config")
names = getattr(config, "_PLUGIN_UNSUPPORTED_OPTIONS", {})
sys.stdout.write("\n".join(names))
