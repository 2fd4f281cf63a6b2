"""Next hops of every kind take what mailroot relays."""

from harness.sink import below_our_received

from .checks import HARD_BODY, arrived, check, expect, expect_equal, message, submit


@check("Postfix as next hop takes it and hands it on unchanged")
def postfix(scene):
    sink = scene.sink()
    relay = scene.relay(scene.postfix(sink))
    contents = [message("to postfix", HARD_BODY), message("eight bit", "Grüße\r\n"), message("empty", "")]
    for count, content in enumerate(contents, 1):
        submit(relay, content, recipients=[f"r{n}@far.example" for n in range(3)], options=["BODY=8BITMIME"])
        entry = sink.wait(count)[-1]
        behind_postfix = below_our_received(sink.content(entry))
        expect_equal(below_our_received(behind_postfix), content, "content below both Received fields")


@check("smtp-sink takes it, with and without the extensions")
def smtp_sink(scene):
    content = message("to smtp-sink", HARD_BODY)
    # Without ESMTP at all; without pipelining; without 8BITMIME, DSN and enhanced codes; as it is.
    for number, options in enumerate((["-e"], ["-p"], ["-8", "-N", "-E"], [])):
        sink = scene.smtp_sink(*options)
        relay = scene.relay(sink, {"general": {"hostname": f"relay{number}.test"}})
        submit(relay, content)
        dumped = sink.wait(1)[0].replace(b"\n", b"\r\n")
        expect_equal(below_our_received(dumped), content, f"content at smtp-sink {options}")
        relay.stop()


@check("a next hop that closes after each message, or says 421, loses nothing")
def interrupted(scene):
    sink = scene.sink()
    relay = scene.relay(sink)
    contents = [message(f"number {n}") for n in range(20)]
    sink.mode("defer-data")
    for content in contents:
        submit(relay, content)
    sink.wait(1)
    sink.mode("ok")
    relay.flush()
    from harness import wait_for

    wait_for("an empty queue", lambda: relay.queued() == 0, 30)
    taken = [m for m in sink.messages() if m["reply"].startswith("2")]
    expect_equal(sorted(below_our_received(sink.content(m)) for m in taken), sorted(contents), "messages taken")


@check("recipients refused for good come back as a report, the others are delivered")
def refused(scene):
    sink = scene.sink()
    relay = scene.relay(sink)
    sink.mode("reject")
    submit(relay, message("refused"))
    sink.mode("reject")
    from harness import wait_for

    # The report cannot be delivered either while the hop refuses all: it must end in Badmail, with its reason.
    wait_for("the report in Badmail", lambda: relay.badmail_files(), 30)
    expect(any(b"x-reason:" in path.read_bytes() for path in relay.badmail_files()), "no x-reason in Badmail")
    sink.mode("ok")
    submit(relay, message("and now one that is taken"))
    arrived(sink, message("and now one that is taken"))
