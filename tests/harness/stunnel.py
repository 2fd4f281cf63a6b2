"""TLS before a server that has none: stunnel, which does STARTTLS for it."""

import pathlib
import subprocess

from . import free_port, greets, wait_for


class Stunnel:
    """Takes clients with STARTTLS on its `port` and hands them in clear to `hop`, a port of 127.0.0.1."""

    def __init__(self, folder, hop):
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.certificate, key = folder / "smart.pem", folder / "smart.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9", "-subj", "/CN=smart.test",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(self.certificate)],
                       check=True, capture_output=True)
        config = folder / "stunnel.conf"
        config.write_text(f"foreground = yes\npid =\nsyslog = no\ndebug = err\n[smart]\naccept = 127.0.0.1:{self.port}\n"
                          f"connect = 127.0.0.1:{hop}\nprotocol = smtp\ncert = {self.certificate}\nkey = {key}\n"
                          "TIMEOUTclose = 0\n")
        with open(folder / "stunnel.log", "wb") as log:
            self.process = subprocess.Popen(["stunnel4", str(config)], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for(f"the greeting of stunnel (see {folder})", lambda: greets(self.port))

    def stop(self):
        """Ends it."""
        self.process.terminate()
        self.process.wait()
