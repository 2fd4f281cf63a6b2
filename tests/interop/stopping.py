"""A stop in the middle of everything: what was promised is delivered or waits, and the next start goes on with it."""

import re
import smtplib
import threading
import time

from harness import wait_for

from .checks import check, expect, expect_equal, message, submit

SUBJECT = re.compile(rb"^Subject: (.*?)\r?$", re.MULTILINE)


@check("SIGTERM under load: status 0 within 30 s, every 250 is delivered or in Queue, and nothing twice")
def stop_under_load(scene):
    sink = scene.sink()
    relay = scene.relay(sink)
    # Slow enough that much waits when the signal comes.
    sink.mode("slow 0.05")
    promised, ended = [], threading.Event()
    clients = [threading.Thread(target=keep_sending, args=(relay, n, promised, ended)) for n in range(20)]
    for client in clients:
        client.start()
    time.sleep(2)
    start = time.monotonic()
    status = relay.stop(30)
    took = time.monotonic() - start
    ended.set()
    for client in clients:
        client.join(30)
    expect_equal(status, 0, f"status after {took:.1f} s")
    delivered = subjects(sink.contents())
    waiting = subjects(path.read_bytes() for path in relay.queue_files())
    expect(len(promised) > 100, f"only {len(promised)} messages were taken in 2 s")
    lost = set(promised) - set(delivered) - set(waiting)
    expect(not lost, f"{len(lost)} of {len(promised)} lost, as {sorted(lost)[:3]}")
    both = set(delivered) & set(waiting)
    expect(not both, f"{len(both)} of {len(promised)} delivered and still in Queue, as {sorted(both)[:3]}")
    sink.mode("ok")
    relay.start()
    wait_for("an empty queue", lambda: relay.queued() == 0, 30)
    delivered = subjects(sink.contents())
    expect_equal((set(promised) - set(delivered), len(delivered)), (set(), len(set(delivered))), "lost, delivered")
    return f"{len(promised)} taken, {len(waiting)} of them in Queue when it ended after {took:.2f} s"


def keep_sending(relay, client, promised, ended):
    """Sends until the relay is gone; notes what got its 250."""
    number = 0
    while not ended.is_set():
        number += 1
        subject = f"{client}-{number}"
        try:
            submit(relay, message(subject, "x" * 500 + "\r\n"))
        except ConnectionRefusedError:
            return
        except (OSError, smtplib.SMTPException):
            continue
        promised.append(subject)


def subjects(contents):
    """The subject of each."""
    return [SUBJECT.search(content)[1].decode() for content in contents]
