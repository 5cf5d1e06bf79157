"""Handle signals that cancel a command."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Mapping
from types import FrameType

# The longest wait of the main thread: the system may deliver a signal to another one,
# and Python handles it when the main thread runs again.
WAIT_SECONDS = 1.0

Handler = Callable[[int, FrameType | None], object] | int | None


def on_signals(
    handler: Callable[[int, FrameType | None], None],
) -> dict[signal.Signals, Handler]:
    """Handle the usual signals that cancel a program; return the old handlers."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    names = [signal.SIGINT, signal.SIGTERM]
    # The terminal was closed, unless `nohup` keeps the program running.
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        names.append(signal.SIGHUP)
    return {number: signal.signal(number, handler) for number in names}


def restore(before: Mapping[signal.Signals, Handler]) -> None:
    """Restore the previous handlers."""
    for number, handler in before.items():
        signal.signal(number, handler)
