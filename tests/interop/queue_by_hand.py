"""The queue as its administrator meets it: what waits says why, and files moved by hand are followed within a second."""

import subprocess
import time
from datetime import datetime, timezone

from harness import wait_for
from harness.mailroot import binary

from .checks import RECIPIENT, SENDER, arrived, check, expect, expect_equal, message, submit

# The old server's schedule: what is delivered in these checks is delivered because a person said so.
SLOW = {"delivery": {"retry": ["15m"]}}


def waiting(scene, subject="waits"):
    """A relay with one message that could not be delivered, its sink (down) and the content."""
    sink = scene.sink()
    sink.mode("down")
    relay = scene.relay(sink, SLOW)
    submit(relay, message(subject))
    wait_for("a first attempt", lambda: any(entry["attempts"] and entry["state"] == "queued" for entry in relay.queue()))
    return sink, relay, message(subject)


def within_a_second(what, condition):
    """Followed within a second; the command line that looks takes its own time, so a little is allowed for it."""
    wait_for(what, condition, seconds=1.5, pause=0.05)


@check("smart host down: the queue says why and when next; up again: retry delivers at once")
def down_and_up(scene):
    sink, relay, content = waiting(scene)
    entry = relay.queue()[0]
    expect_equal((entry["state"], entry["sender"]), ("queued", SENDER), "state and sender")
    expect_equal(entry["recipients"][0]["address"], RECIPIENT, "recipient")
    expect_equal(entry["recipients"][0]["status"], "pending", "status")
    expect("refused" in (entry["last_reply"] or "").lower(), f"last reply {entry['last_reply']!r} does not say why")
    after = (datetime.fromisoformat(entry["next"].replace("Z", "+00:00")) - datetime.now(timezone.utc)).total_seconds()
    expect(12 * 60 < after < 18 * 60, f"next attempt in {after:.0f} s, not in about 15 minutes")
    text = relay.run("queue", "list")
    expect(RECIPIENT in text and "refused" in text.lower(), f"queue list as text: {text!r}")
    sink.mode("ok")
    relay.run("queue", "retry", "--all")
    asked = time.monotonic()
    arrived(sink, content)
    expect(time.monotonic() - asked < 2, f"delivered only after {time.monotonic() - asked:.1f} s")
    wait_for("an empty queue", lambda: relay.queue() == [])


@check("a file deleted by hand is forgotten")
def deleted(scene):
    sink, relay, _ = waiting(scene)
    relay.queue_files()[0].unlink()
    within_a_second("the queue without it", lambda: relay.queue() == [])
    sink.mode("ok")
    relay.flush()
    time.sleep(1)
    expect_equal(sink.report()["messages"], 0, "messages delivered of a deleted file")


@check("a file edited by hand is sent as edited")
def edited(scene):
    sink, relay, content = waiting(scene)
    path = relay.queue_files()[0]
    text = path.read_bytes()
    new = "a.quite.different.address@elsewhere.example"
    path.write_bytes(text.replace(f"x-receiver: <{RECIPIENT}>".encode(), f"x-receiver: <{new}>".encode(), 1))
    within_a_second("the new recipient", lambda: relay.queue()[0]["recipients"][0]["address"] == new)
    sink.mode("ok")
    relay.flush()
    entries = arrived(sink, content)
    expect(entries[0]["to"][0].startswith(f"<{new}>"), f"sent to {entries[0]['to']}")


@check("a file dropped into Queue is sent")
def dropped_in(scene):
    sink = scene.sink()
    relay = scene.relay(sink, SLOW)
    content = message("dropped in")
    # As an editor on Windows or Linux would leave it: no state, no length, this system's line ends.
    text = f"x-sender: <{SENDER}>\nx-receiver: <{RECIPIENT}>\n".encode() + content.replace(b"\r\n", b"\n")
    start = time.monotonic()
    (relay.mailroot / "Queue" / "by-hand.eml").write_bytes(text)
    entries = sink.wait(1, 5)
    expect(time.monotonic() - start < 1.5, f"delivered only after {time.monotonic() - start:.1f} s")
    expect(sink.content(entries[0]).endswith(content), f"content {sink.content(entries[0])!r}")
    wait_for("an empty queue", lambda: relay.queued() == 0)


@check("a file moved away and back is forgotten and known again")
def moved(scene):
    sink, relay, content = waiting(scene)
    path = relay.queue_files()[0]
    away = scene.folder / path.name
    path.rename(away)
    within_a_second("the queue without it", lambda: relay.queue() == [])
    away.rename(path)
    within_a_second("the message again", lambda: len(relay.queue()) == 1)
    sink.mode("ok")
    relay.flush()
    arrived(sink, content)


@check("a file in Pickup is sent, once it is whole")
def pickup(scene):
    sink = scene.sink()
    relay = scene.relay(sink, SLOW)
    content = message("picked up", ".\r\n..\r\n")
    (relay.mailroot / "Pickup" / "order 1.txt").write_bytes(
        f"x-sender: {SENDER}\r\nx-receiver: {RECIPIENT}\r\n".encode() + content)
    arrived(sink, content)
    (relay.mailroot / "Pickup" / "plain.eml").write_bytes(content)
    expect(sink.wait(2)[1]["to"][0].startswith(f"<{RECIPIENT}>"), "the recipient of the To field")
    wait_for("an empty Pickup", lambda: not list((relay.mailroot / "Pickup").glob("[!.]*")))


@check("hold keeps a message back, release and delete do what they say")
def hold_release_delete(scene):
    sink, relay, content = waiting(scene)
    identity = relay.queue()[0]["id"]
    relay.run("queue", "hold", identity)
    expect_equal(relay.queue()[0]["state"], "held", "state")
    sink.mode("ok")
    relay.flush()
    time.sleep(0.5)
    expect_equal(sink.report()["messages"], 0, "messages delivered while held")
    relay.run("queue", "release", identity)
    relay.flush()
    arrived(sink, content)
    sink.mode("down")
    submit(relay, message("to be deleted"))
    wait_for("the second message", lambda: len(relay.queue()) == 1)
    relay.run("queue", "delete", "--all")
    expect_equal((relay.queue(), relay.queued()), ([], 0), "the queue after delete")


@check("a restart reads everything back, SIGTERM ends with status 0")
def restart(scene):
    sink, relay, content = waiting(scene)
    before = relay.queue()[0]
    expect_equal(relay.stop(), 0, "status after SIGTERM")
    relay.start()
    wait_for("the message after the restart", lambda: len(relay.queue()) == 1)
    after = relay.queue()[0]
    for field in ("id", "received", "attempts", "sender"):
        expect_equal(after[field], before[field], field)
    sink.mode("ok")
    relay.flush()
    arrived(sink, content)


@check("a second engine on the same mailroot is refused")
def second_engine(scene):
    relay = scene.relay(scene.sink())
    other = scene.folder / "other.toml"
    other.write_text(relay.config.read_text().replace(str(relay.port), "0").replace("/control", "/control2"))
    done = subprocess.run([str(binary()), "serve", "--config", str(other)], capture_output=True, text=True, timeout=20)
    expect(done.returncode in (1, 2), f"status {done.returncode}")
    expect(done.stderr.strip(), "it said nothing")
