"""The way between a driver and the process that started it.

A message is a line of JSON: lists of commands come on stdin, reports go out on stdout. What else the process prints goes to
stderr, for file descriptor 1 is pointed there before an engine is imported.
"""

import json
import os
import queue
import signal
import sys
import threading
import time

PROTOCOL = 1
# How long an engine may take to close before its processes are ended.
CLOSE_SECONDS = 30

now_ns = time.monotonic_ns


class Channel:
    """Reads commands in a thread of its own, so that a cancel is seen in the middle of a step."""

    def __init__(self, commands, reports):
        self._input = commands
        self._output = reports
        self._lock = threading.Lock()
        self._commands = queue.Queue()
        self._deliver = self._commands.put
        self._cancelled = set()
        self._closing = False

    def start(self):
        threading.Thread(target=self._read, daemon=True).start()

    def send(self, **message):
        line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        try:
            with self._lock:
                self._output.write(line)
                self._output.flush()
        except OSError:
            end_group()

    def commands(self, wait):
        """The commands that have come; with `wait`, at least one."""
        taken = list(self._commands.get()) if wait else []
        while not self._commands.empty():
            taken += self._commands.get()
        return taken

    def deliver_to(self, take):
        """Hands what has come and what comes to a function, a list at a time; it is called in another thread."""
        self._deliver = take
        take(self.commands(wait=False))

    def is_cancelled(self, call):
        return call in self._cancelled or self._closing

    def _read(self):
        try:
            self._take_commands()
        except (OSError, ValueError):
            # A connection that is reset, or a line that breaks off, ends with whoever wrote it.
            pass
        # Nobody is left to take a report: a forward pass must not go on, nor what it runs on.
        if self._closing:
            time.sleep(CLOSE_SECONDS)
        end_group()

    def _take_commands(self):
        for line in self._input:
            commands = json.loads(line)
            for command in commands:
                if command["type"] == "cancel":
                    self._cancelled.add(command["id"])
                elif command["type"] == "close":
                    self._closing = True
            self._deliver(commands)


def take_stdio():
    """Commands and reports of a driver that was started as one; from then on nothing else comes from or goes there."""
    commands, reports = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    sys.stdout.flush()
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    sys.stdout.reconfigure(line_buffering=True)
    return commands, reports


def end_group():
    """Ends this process and all that it started, where they have a session of their own."""
    if hasattr(os, "killpg") and os.getsid(0) == os.getpgrp():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)
