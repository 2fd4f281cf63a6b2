"""What the interop checks, the campaigns and the benches share: the relay under test, its peers, and free ports.

Python 3.11 and its standard library only. Every server here binds loopback, every wait has an end, and only processes
that were started here are ever signalled.
"""

import pathlib
import socket
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Timeout(Exception):
    """Something that should have happened did not, within its time."""


def free_port():
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, condition, seconds=10.0, pause=0.02):
    """Returns the first true value of `condition()`; raises `Timeout`, which says `what` was awaited."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Timeout(f"not within {seconds:g} s: {what}")
        time.sleep(pause)


def greets(port):
    """Whether an SMTP server on this port of 127.0.0.1 says 220."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as stream:
            stream.settimeout(5)
            greeting = stream.recv(4)
            stream.sendall(b"QUIT\r\n")
            return greeting.startswith(b"220")
    except OSError:
        return False
