"""Power cuts: an ext4 file system in a file, shut down under the relay.

The shutdown ioctl without a log flush drops everything that no sync has put on the disk: unsynced content, and names
whose directory was not synced. The device's own cache and torn sectors are not modelled.
"""

import fcntl
import os
import pathlib
import struct
import subprocess

SHUTDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN, _IOR('X', 125, __u32)
NO_LOG_FLUSH = 2


class PowerCutDisk:
    """A loop mount below `folder`; `cut` is the power cut, `restore` the next boot."""

    def __init__(self, folder, megabytes=512):
        self.image = pathlib.Path(folder) / "disk.img"
        self.mount_point = pathlib.Path(folder) / "disk"
        self.mount_point.mkdir()
        self.mounted = False
        with open(self.image, "wb") as image:
            image.truncate(megabytes << 20)
        _run("mkfs.ext4", "-q", "-F", str(self.image))
        self.restore()

    def cut(self):
        """From here on nothing reaches the disk, and every sync fails."""
        descriptor = os.open(self.mount_point, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(descriptor)

    def restore(self):
        """Mounts it again, which replays the journal."""
        self.unmount()
        _run("mount", "-o", "loop", str(self.image), str(self.mount_point))
        self.mounted = True

    def unmount(self):
        """Safe to call at any time; whoever had files open there must have ended."""
        if self.mounted:
            _run("umount", str(self.mount_point))
            self.mounted = False

    def close(self):
        """Leaves nothing behind."""
        self.unmount()
        self.image.unlink(missing_ok=True)


def _run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: {done.stdout}{done.stderr}")
