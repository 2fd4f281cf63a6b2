"""A system clock that jumps while mail waits."""

import pathlib
import time

from harness import wait_for

from .checks import RECIPIENT, arrived, check, expect, expect_equal, message, submit

LIBRARY = next(iter(sorted(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)


@check("the system clock jumps ten years ahead: nothing expires, status says so, mail goes on")
def ten_years_ahead(scene):
    expect(LIBRARY, "not installed: faketime")
    sink = scene.sink()
    sink.mode("defer")
    offset = scene.folder / "offset"
    offset.write_text("+0")
    faked = {"LD_PRELOAD": LIBRARY, "FAKETIME_TIMESTAMP_FILE": offset, "FAKETIME_NO_CACHE": 1,
             "FAKETIME_DONT_FAKE_MONOTONIC": 1}
    relay = scene.relay(sink, under=["env", *(f"{name}={value}" for name, value in faked.items())])
    submit(relay, message("waits"))
    wait_for("a first attempt", lambda: any(entry["attempts"] for entry in relay.queue()))
    offset.write_text("+3650d")
    # It looks at the system clock once a minute, and the queue is tried every two seconds meanwhile.
    wait_for("the clock in status", lambda: any("clock" in problem for problem in relay.problems()), 90, pause=1)
    time.sleep(3)
    expect_equal([entry["recipients"][0]["address"] for entry in relay.queue()], [RECIPIENT], "what waits")
    expect_equal(relay.badmail_files(), [], "Badmail")
    sink.mode("ok")
    relay.flush()
    arrived(sink, message("waits"))
    submit(relay, message("afterwards"))
    expect_equal(len(sink.wait(2)), 2, "messages at the next hop")
