"""Threads use types for the first time together, and nothing breaks."""

from __future__ import annotations

import subprocess
import sys

from tests.support.renders import ROOT

# Without a preparation, msgspec ends this with a segmentation fault.
RACE = """
import sys, threading
from typing import Optional
import msgspec
from ci_engine.processes.thread_pools import thread_pool

kinds = []
for number in range(100):
    last = msgspec.defstruct(f"Last{number}", [("words", tuple[str, ...], ())])
    inner = msgspec.defstruct(f"Inner{number}", [("last", Optional[last], None)])
    kinds.append(msgspec.defstruct(f"Outer{number}", [("inner", list[inner])]))
sys.setswitchinterval(1e-6)
barrier = threading.Barrier(8)

def read(_):
    for kind in kinds:
        barrier.wait()
        msgspec.json.decode(b'{"inner": [{"last": {"words": ["a"]}}]}', type=kind)

with thread_pool(8) as pool:
    assert len(list(pool.map(read, range(8)))) == 8
"""


def test_types_can_be_used_by_several_threads_from_the_first_time() -> None:
    done = subprocess.run([sys.executable, "-c", RACE], check=False)
    assert done.returncode == 0


def test_every_pool_prepares_the_types() -> None:
    unprepared = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "extensions").rglob("*.py")
        if "ThreadPoolExecutor(" in path.read_text(encoding="utf-8")
    ]
    assert unprepared == ["extensions/ci_engine/processes/thread_pools.py"]
