"""Compile the modules in the given directories, and check the compiled files.

Before Python 3.12.9 a full disk can leave half of a compiled module behind,
which is never replaced and breaks every later start: https://github.com/python/cpython/issues/126606
"""

import compileall
import marshal
import sys
from pathlib import Path
from py_compile import PycInvalidationMode

for directory in sys.argv[1:]:
    compileall.compile_dir(
        directory, quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH
    )
    for file in Path(directory).rglob(f"*.{sys.implementation.cache_tag}.pyc"):
        try:
            marshal.loads(file.read_bytes()[16:])  # noqa: S302 # nosec B302 - just written
        except (EOFError, ValueError):
            file.unlink()
            sys.exit(f"{file}: only a part of it could be written: is the disk full?")
