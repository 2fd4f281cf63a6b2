"""The verdict of a campaign: the client's ledger against what the next hop has."""

import collections
import hashlib
import re

from harness.sink import below_our_received

IDENTITY = re.compile(rb"^X-Campaign-Id: (\S+)\r$", re.MULTILINE)


class Verdict:
    """lost: a 250 was read and the message is nowhere. corrupt: it came, with other bytes or to others than asked.
    duplicates: copies beyond the first. ghosts: it came although the client was told no. unpromised: it came, and the
    crash took the reply: nobody's fault.

    `power_cut`: when the power is really cut nobody hears a reply that comes after it, so nothing said after it counts.
    (A 250 may come then: the kernel lets a sync that is under way during the ioctl return as if it had succeeded. And
    what was refused because its sync failed may be on the disk all the same.)"""

    def __init__(self, ledger, sink, recipient, power_cut=False):
        accepted = {identity: digest for identity, digest in ledger.accepted.items()
                    if identity not in ledger.accepted_after_cut}
        undecided = dict(ledger.uncertain)
        if power_cut:
            undecided |= ledger.refused_content
            undecided |= {identity: ledger.accepted[identity] for identity in ledger.accepted_after_cut}
        promised = accepted | undecided
        copies = collections.Counter()
        self.corrupt, self.ghosts, self.strangers = set(), set(), []
        for message, content in _taken(sink):
            found = IDENTITY.search(content[:4000])
            identity = found[1].decode() if found else None
            if identity in promised:
                body = below_our_received(content)
                whole = body is not None and hashlib.sha256(body).hexdigest() == promised[identity]
                asked = [address.split(">")[0] + ">" for address in message["to"]] == [f"<{recipient}>"]
                if not (whole and asked):
                    self.corrupt.add(identity)
                copies[identity] += 1
            elif identity in ledger.refused:
                self.ghosts.add(identity)
            else:
                self.strangers.append(content[:500].decode("utf-8", "replace"))
        self.accepted = len(accepted)
        self.lost = sorted(set(accepted) - set(copies))
        self.duplicates = sum(count - 1 for count in copies.values())
        self.unpromised = sum(1 for identity in copies if identity in undecided)
        self.breaches = sink.report()["breaches"]

    def faults(self, duplicates_allowed):
        """What must not be, in words; `duplicates_allowed` is None where nothing bounds them."""
        faults = []
        for what, found in (("lost", self.lost), ("corrupt", self.corrupt), ("ghosts", self.ghosts),
                            ("of unknown origin", self.strangers), ("breaches of the line ends", self.breaches)):
            if found:
                faults.append(f"{len(found)} {what}: {', '.join(sorted(found)[:5])}")
        if duplicates_allowed is not None and self.duplicates > duplicates_allowed:
            faults.append(f"{self.duplicates} duplicates, {duplicates_allowed} allowed")
        return faults

    def __str__(self):
        return (f"accepted {self.accepted}, lost {len(self.lost)}, corrupt {len(self.corrupt)}, "
                f"duplicates {self.duplicates}, ghosts {len(self.ghosts)}, "
                f"delivered without a 250 read {self.unpromised}")


def _taken(sink):
    """Each message that the sink said 250 to, or would have, and its bytes."""
    messages = sink.messages()
    with open(sink.folder / "content.raw", "rb") as raw:
        for message in messages:
            raw.seek(message["offset"])
            content = raw.read(message["length"])
            if message["reply"].startswith("2"):
                yield message, content
