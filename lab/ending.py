"""Ending early without leaving anything behind."""

import signal


def unwind_at_signals() -> None:
    """SIGTERM and SIGHUP end this program as Ctrl-C does, by an exception, which cleans up processes and files."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup stays in force
            signal.signal(number, unwind)


def unwind(number: int, _frame) -> None:
    signal.signal(number, signal.SIG_IGN)  # a second one would interrupt the cleanup
    raise SystemExit(128 + number)
