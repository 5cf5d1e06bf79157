"""What a command does when it is called off."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Mapping
from types import FrameType

Handler = Callable[[int, FrameType | None], object] | int | None


def on_signals(
    handler: Callable[[int, FrameType | None], None],
) -> dict[signal.Signals, Handler]:
    """Handle the usual ways to call a program off; return the handlers before."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    names = [signal.SIGINT, signal.SIGTERM]
    # A closed terminal, unless `nohup` keeps the program running without it.
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        names.append(signal.SIGHUP)
    return {number: signal.signal(number, handler) for number in names}


def restore(before: Mapping[signal.Signals, Handler]) -> None:
    """Put back the handlers that were there before."""
    for number, handler in before.items():
        signal.signal(number, handler)
