"""A full disk: that of the queue answers 452 and loses nothing, that of the log stops nobody."""

import smtplib
import time

from harness import wait_for
from harness.sink import below_our_received

from .checks import check, expect, expect_equal, message, submit


@check("disk full: 452, nothing lost, takes mail again by itself")
def full_disk(scene):
    sink = scene.sink()
    sink.mode("down")
    relay = scene.relay(sink, mailroot=scene.tmpfs(8) / "mailroot")
    accepted, refusal = fill(relay)
    expect(accepted, "not even one message was taken")
    expect(refusal is not None, f"{len(accepted)} messages of 200 KB fitted on a disk of 8 MB")
    expect_equal(refusal[0], 452, f"reply to the message that did not fit: {refusal}")
    expect_equal(relay.queued(), len(accepted), "files in Queue")
    # It still answers, and still refuses: no half-written file took the last room for good.
    expect(fill(relay, 1)[1] is not None, "taken although there was no room")
    sink.mode("ok")
    relay.flush()
    wait_for("an empty queue", lambda: relay.queued() == 0, 30)
    bodies = [below_our_received(sink.content(entry)) for entry in sink.messages()]
    expect_equal(sorted(bodies), sorted(accepted), "messages at the next hop")
    late = message("after the flood")
    wait_for("mail taken again", lambda: accepts(relay, late), 10, pause=0.2)


@check("log disk full: mail goes on, status says so, every line comes when there is room")
def full_log_disk(scene):
    sink = scene.sink()
    directory = scene.tmpfs(1)
    relay = scene.relay(sink, {"log": {"directory": str(directory)}})
    flood(relay, sink, "before", 1)
    ballast = fill_up(directory)
    # More lines than fit behind those that were there: a file has room to the end of its page.
    flood(relay, sink, "meanwhile", 60)
    wait_for("the trouble in status", lambda: log_trouble(relay), 10)
    ballast.unlink()
    wait_for("the end of the trouble in status", lambda: not log_trouble(relay), 10)
    flood(relay, sink, "after", 1)
    all_lines(directory, 62)


@check("log disk full at the start: it starts, and the lines come when there is room")
def full_log_disk_at_start(scene):
    sink = scene.sink()
    directory = scene.tmpfs(1)
    ballast = fill_up(directory)
    relay = scene.relay(sink, {"log": {"directory": str(directory)}})
    flood(relay, sink, "meanwhile", 20)
    wait_for("the trouble in status", lambda: log_trouble(relay), 10)
    ballast.unlink()
    all_lines(directory, 20)


def fill_up(directory):
    """Takes all the room there is; the file that does."""
    ballast = directory / "ballast"
    with open(ballast, "wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            return ballast


def flood(relay, sink, name, count):
    """So many messages, none of which may wait for the log."""
    before = sink.report()["messages"]
    for number in range(count):
        start = time.monotonic()
        submit(relay, message(f"{name} {number}"), recipients=[f"{name}{number}@far.example"])
        expect(time.monotonic() - start < 1, f"message {number} took {time.monotonic() - start:.1f} s")
    sink.wait(before + count)


def log_trouble(relay):
    """What status says of the log, if anything."""
    return [problem for problem in relay.problems() if "log" in problem]


def all_lines(directory, count):
    """Waits until the delivery log tells of so many messages accepted, and as many delivered."""
    def complete():
        text = "".join(path.read_text() for path in directory.glob("delivery.*.log"))
        return all(text.count(f"event={event} ") == count for event in ("accepted", "delivered"))

    wait_for(f"{count} messages in the delivery log", complete, 10)


def fill(relay, most=60):
    """Messages of 200 KB until one is refused: those that were accepted, and the refusal."""
    accepted = []
    for number in range(most):
        content = message(f"flood {number}", ("x" * 76 + "\r\n") * 2600)
        try:
            submit(relay, content)
        except smtplib.SMTPResponseException as error:
            return accepted, (error.smtp_code, error.smtp_error)
        except smtplib.SMTPRecipientsRefused as error:
            return accepted, next(iter(error.recipients.values()))
        accepted.append(content)
    return accepted, None


def accepts(relay, content):
    """Whether one more message is taken now."""
    try:
        submit(relay, content)
    except smtplib.SMTPException:
        return False
    return True
