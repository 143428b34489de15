"""Drivers of engines that a launcher starts as several ranks, which have no stdio of their own.

The process that was started as the driver starts the launcher and listens on a loopback port. Every rank connects to it: the
first speaks the protocol through its connection, the others see by theirs when the driver is gone.
"""

import glob
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

from llm_bench_channel import CLOSE_SECONDS, end_group, take_stdio

ADDRESS = "LLM_BENCH_RANK_ADDRESS"
SHOWN_LINES = 30


def is_rank():
    return ADDRESS in os.environ


def join(rank):
    """Connects a rank to its driver. The command to load is the first line that comes."""
    port, token = os.environ[ADDRESS].split()
    stream = socket.create_connection(("127.0.0.1", int(port))).makefile("rwb")
    stream.write(f"{token} {rank}\n".encode())
    stream.flush()
    return stream


def watch(stream):
    """Ends this rank with its driver."""

    def read():
        try:
            while stream.readline():
                pass
        except OSError:
            # A connection that is reset has ended as well.
            pass
        end_group()

    threading.Thread(target=read, daemon=True).start()


def lead(find_problem, command_of, unset):
    """Starts the ranks and passes messages on until they have ended.

    `find_problem` tells what keeps the launcher from being started, as a report; `command_of` makes its command from the
    spec and a folder for logs; `unset` names variables that it must not inherit.
    """
    commands, reports = take_stdio()
    load = commands.readline()
    if not load:
        return
    problem = find_problem()
    if problem is not None:
        _write(reports, json.dumps(problem).encode() + b"\n")
        return
    listener = socket.create_server(("127.0.0.1", 0))
    token = secrets.token_hex(16)
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    environment[ADDRESS] = f"{listener.getsockname()[1]} {token}"
    logs = tempfile.mkdtemp(prefix="llm-bench-ranks-")
    launcher = subprocess.Popen(command_of(json.loads(load)[0]["spec"], logs), stdin=subprocess.DEVNULL, env=environment)
    threading.Thread(target=_accept, args=(listener, token, load, commands, reports), daemon=True).start()
    code = launcher.wait()
    if code != 0:
        _show(logs)
    shutil.rmtree(logs, ignore_errors=True)
    os._exit(0 if code == 0 else 1)


def _accept(listener, token, load, commands, reports):
    streams = []
    while True:
        stream = listener.accept()[0].makefile("rwb")
        told, _, rank = stream.readline().decode().strip().partition(" ")
        if not secrets.compare_digest(told, token):
            continue
        streams.append(stream)
        _write(stream, load)
        if rank == "0":
            threading.Thread(target=_pass_on, args=(stream, reports), daemon=True).start()
            threading.Thread(target=_pass_commands, args=(commands, stream), daemon=True).start()


def _pass_commands(commands, stream):
    last = _pass_on(commands, stream)
    if last is not None and _closes(last):
        time.sleep(CLOSE_SECONDS)
    # Whoever gave the commands is gone; the ranks see it by their connections.
    end_group()


def _closes(line):
    try:
        return json.loads(line)[-1]["type"] == "close"
    except ValueError:
        # It broke off with whoever wrote it.
        return False


def _pass_on(source, target):
    """Passes lines on to the end, and gives the last one."""
    line = None
    for line in source:
        try:
            _write(target, line)
        except OSError:
            break
    return line


def _write(stream, line):
    stream.write(line)
    stream.flush()


def _show(logs):
    for path in sorted(glob.glob(os.path.join(logs, "workerlog.*"))):
        with open(path, encoding="utf-8", errors="replace") as log:
            lines = log.readlines()[-SHOWN_LINES:]
        print(f"{os.path.basename(path)}:", *lines, sep="\n  ", file=sys.stderr)
