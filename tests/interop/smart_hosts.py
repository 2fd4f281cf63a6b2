"""Smart hosts that want TLS and a login, each of another make: Postfix with Cyrus SASL, and Exim."""

import json
import os
import shutil
import subprocess
import time

from harness import free_port, greets, wait_for
from harness.sink import below_our_received

from .checks import arrived, check, expect, expect_equal, message, submit

USER, PASSWORD = "relay", "geheim-of-relay-4711"


def certificate(folder, name="smart"):
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    pem, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "90", "-subj", f"/CN={name}.test",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(pem)],
                   check=True, capture_output=True)
    return pem, key


class Cyrus:
    """A Postfix that takes mail from those alone who have logged in by Cyrus SASL, under TLS."""

    def __init__(self, scene, mechanisms):
        self.sink = scene.sink()
        self.pem, key = certificate(scene.folder)
        # Debian's Postfix looks below its configuration, whatever cyrus_sasl_config_path says.
        sasl = scene.folder / "postfix/etc/sasl"
        sasl.mkdir(parents=True)
        database = sasl / "sasldb2"
        (sasl / "smtpd.conf").write_text(
            f"pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: {database}\nmech_list: {mechanisms}\n")
        subprocess.run(["saslpasswd2", "-p", "-c", "-f", str(database), "-u", "postfix.test", USER],
                       input=PASSWORD.encode(), check=True)
        shutil.chown(database, "postfix")
        self.postfix = scene.postfix(self.sink, settings={
            "smtpd_sasl_auth_enable": "yes",
            "smtpd_sasl_local_domain": "postfix.test",
            "smtpd_sasl_authenticated_header": "yes",
            "broken_sasl_auth_clients": "yes",
            "smtpd_tls_security_level": "encrypt",
            "smtpd_tls_cert_file": str(self.pem),
            "smtpd_tls_key_file": str(key),
            "smtpd_tls_received_header": "yes",
            "smtpd_relay_restrictions": "permit_sasl_authenticated, reject",
        })
        self.port = self.postfix.port


def secured(scene, hop, method="basic", password=PASSWORD, **keys):
    """mailroot before it, with its password in a file."""
    secret = scene.folder / "password"
    secret.write_text(password + "\n")
    security = {"method": method, "tls": "required", "username": USER, "password": {"file": str(secret)},
                "ca_file": str(hop.pem)} | keys
    return scene.relay(hop, {"delivery.outbound_security": security, "delivery": {"retry": ["1h"]}}), secret


def held_back(relay):
    """The problem, once there is one."""
    return wait_for("a problem in the status", relay.problems, 20)[0]


@check("Postfix with TLS and Cyrus SASL takes a login by PLAIN and by LOGIN, and keeps the connection")
def cyrus(scene):
    hop = Cyrus(scene, "PLAIN LOGIN")
    relay, _ = secured(scene, hop)
    for count in range(1, 4):
        content = message(f"number {count}")
        submit(relay, content)
        header = hop.sink.content(hop.sink.wait(count)[-1])
        for words in (b"Authenticated sender: relay@postfix.test", b"TLSv1.3", b"with ESMTPSA"):
            expect(words in header, f"Postfix does not write {words!r}: {header[:600]!r}")
    logins = (scene.folder / "postfix/maillog").read_text().count("sasl_method=PLAIN")
    expect_equal(logins, 3, "mail by PLAIN")
    connections = (scene.folder / "postfix/maillog").read_text().count(" disconnect from ")
    expect(connections <= 2, f"{connections} connections for three messages")
    told = json.loads(relay.run("check", "smart-host", "--json"))
    expect(told["can_send"], f"the check says {told}")
    expect(PASSWORD not in json.dumps(told), "the check tells the password")
    return next(step["text"] for step in told["steps"] if step["step"] == "tls")


@check("Postfix that knows LOGIN alone is logged in to by LOGIN")
def cyrus_login(scene):
    hop = Cyrus(scene, "LOGIN")
    relay, _ = secured(scene, hop)
    content = message("by login")
    submit(relay, content)
    behind_postfix = below_our_received(hop.sink.content(hop.sink.wait(1)[0]))
    expect_equal(below_our_received(behind_postfix), content, "content below both Received fields")
    log = (scene.folder / "postfix/maillog").read_text()
    expect("sasl_method=LOGIN" in log, "Postfix has not seen LOGIN")


@check("a wrong password holds the smart host and nothing else; the right one lets all go")
def wrong_password(scene):
    hop = Cyrus(scene, "PLAIN LOGIN")
    relay, secret = secured(scene, hop, password="wrong")
    for number in range(5):
        submit(relay, message(f"number {number}"))
    problem = held_back(relay)
    expect("the login as relay with PLAIN was refused: 535" in problem, f"problem {problem!r}")
    wait_for("five messages that wait", lambda: [m["state"] for m in relay.queue()] == ["queued"] * 5)
    expect_equal([m["attempts"] for m in relay.queue()], [0] * 5, "attempts")
    refused = (scene.folder / "postfix/maillog").read_text().count("authentication failed")
    expect(refused <= 2, f"{refused} logins were tried")
    secret.write_text(PASSWORD + "\n")
    relay.flush()
    hop.sink.wait(5)
    wait_for("no problem", lambda: not relay.problems())
    log = "".join(path.read_text() for path in (scene.folder / "relay/log").iterdir()) + relay.log.read_text()
    expect(PASSWORD not in log, "the log tells the password")
    return problem


@check("a certificate that nobody vouches for holds the smart host until it is trusted")
def unknown_certificate(scene):
    hop = Cyrus(scene, "PLAIN LOGIN")
    trusted, hop.pem = hop.pem, certificate(scene.folder, "other")[0]
    relay, _ = secured(scene, hop)
    submit(relay, message("waits"))
    problem = held_back(relay)
    expect("signed by nobody but itself" in problem, f"problem {problem!r}")
    expect("AUTH" not in (scene.folder / "postfix/maillog").read_text(), "a login was tried")
    relay.settings["delivery.outbound_security"]["ca_file"] = str(trusted)
    relay.write_settings()
    relay.reload()
    hop.sink.wait(1)
    return problem


@check("Postfix with Cyrus SASL takes a login by NTLM")
def cyrus_ntlm(scene):
    hop = Cyrus(scene, "NTLM")
    relay, _ = secured(scene, hop, method="integrated", ntlm_domain="postfix.test")
    submit(relay, message("by ntlm"))
    hop.sink.wait(1)
    log = (scene.folder / "postfix/maillog").read_text()
    expect("sasl_method=NTLM" in log, "Postfix has not seen NTLM")


class Exim:
    """Exim with its `spa` authenticator, from packages that are only unpacked: installed they would take the place of
    Postfix. It needs its own user to be known, so it runs where a passwd with it lies over the system's."""

    PACKAGES = ("exim4-daemon-heavy", "exim4-base", "libidn12", "libmariadb3", "libspf2-2")

    def __init__(self, scene):
        self.folder = scene.folder / "exim"
        self.folder.mkdir()
        self.port, self.root = free_port(), self.folder / "root"
        self.folder.chmod(0o755)
        download = ["apt-get", "download", "-qq", *self.PACKAGES]
        if subprocess.run(download, cwd=self.folder, capture_output=True).returncode != 0:
            subprocess.run(["apt-get", "update", "-qq"], check=True, capture_output=True)
            subprocess.run(download, cwd=self.folder, check=True, capture_output=True)
        for package in self.folder.glob("*.deb"):
            subprocess.run(["dpkg", "-x", str(package), str(self.root)], check=True)
        self.pem, key = certificate(self.folder, "exim")
        for name, line in (("passwd", "Debian-exim:x:9999:9999::/nonexistent:/bin/false"), ("group", "Debian-exim:x:9999:")):
            with open(f"/etc/{name}") as system:
                (self.folder / name).write_text(system.read() + line + "\n")
        self.spool = self.folder / "spool"
        self.spool.mkdir()
        for owned in (self.spool, self.pem, key):
            os.chown(owned, 9999, 9999)
        (self.folder / "conf").write_text(f"""
primary_hostname = exim.test
spool_directory = {self.spool}
log_file_path = {self.spool}/%slog
pid_file_path = {self.spool}/pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = {self.port}
host_lookup =
rfc1413_query_timeout = 0s
tls_advertise_hosts = *
tls_certificate = {self.pem}
tls_privatekey = {key}
auth_advertise_hosts = ${{if def:tls_cipher{{*}}}}
acl_smtp_rcpt = taken
queue_only = true
begin acl
taken:
  accept authenticated = *
  deny
begin authenticators
spa:
  driver = spa
  public_name = NTLM
  server_password = ${{if eq{{$auth1}}{{{USER}}}{{{PASSWORD}}}fail}}
  server_set_id = $auth1
""")
        libraries = f"{self.root}/usr/lib/x86_64-linux-gnu:{self.root}/usr/lib"
        command = (f"mount --bind {self.folder}/passwd /etc/passwd && mount --bind {self.folder}/group /etc/group && "
                   f"LD_LIBRARY_PATH={libraries} exec {self.root}/usr/sbin/exim4 -C {self.folder}/conf -bdf")
        output = open(self.folder / "output", "wb")
        process = subprocess.Popen(["unshare", "--mount", "sh", "-c", command], stdout=output, stderr=output)
        scene.stack.callback(process.wait)
        scene.stack.callback(process.kill)
        wait_for(f"the greeting of Exim (see {self.folder})", lambda: greets(self.port), 20)

    def log(self):
        """What it says of the messages."""
        path = self.spool / "mainlog"
        return path.read_text() if path.exists() else ""


@check("Exim takes a login by NTLM from its own authenticator, and refuses a wrong one")
def exim(scene):
    hop = Exim(scene)
    relay, secret = secured(scene, hop, method="integrated", password="wrong")
    submit(relay, message("by ntlm"))
    problem = held_back(relay)
    expect("with NTLM was refused: 535" in problem, f"problem {problem!r}")
    secret.write_text(PASSWORD + "\n")
    relay.flush()
    wait_for("an empty queue", lambda: relay.queued() == 0, 20)
    time.sleep(0.2)
    expect(f"A=spa:{USER}" in hop.log() and "P=esmtpsa" in hop.log(), f"Exim says {hop.log()!r}")
    return problem
