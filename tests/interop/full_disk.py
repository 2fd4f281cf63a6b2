"""A full disk: 452, nothing that was promised is lost, and mail is taken again as soon as there is room."""

import smtplib

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
