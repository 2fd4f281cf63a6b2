"""Clients of every kind come in under TLS and log in; tools that judge servers judge this one."""

import base64
import json
import os
import shutil
import smtplib
import socket
import ssl
import statistics
import subprocess
import time

from harness import free_port, wait_for

from .checks import RECIPIENT, SENDER, arrived, check, expect, expect_equal, message

USER, PASSWORD = "app", "geheim-4711-geheim"


class Secure:
    """A relay with a certificate, a listener where clients begin with TLS, and a user who alone may relay."""

    def __init__(self, scene, authentication=("anonymous", "basic", "integrated")):
        self.sink = scene.sink()
        self.certificate, key = scene.folder / "relay.pem", scene.folder / "relay.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "90", "-subj",
                        "/CN=relay.test", "-addext", "subjectAltName=DNS:relay.test,DNS:localhost,IP:127.0.0.1",
                        "-addext", "basicConstraints=critical,CA:FALSE", "-keyout", str(key), "-out", str(self.certificate)], check=True, capture_output=True)
        self.tls_port = free_port()
        self.users = scene.folder / "users.toml"
        self.relay = scene.relay(self.sink, {
            "general": {"listen_tls": [f"127.0.0.1:{self.tls_port}"]},
            "access": {"authentication": list(authentication), "certificate": str(self.certificate),
                       "private_key": str(key), "users": str(self.users),
                       "relay": {"mode": "only", "list": [], "allow_authenticated": True}},
        })
        self.relay.run("user", "add", USER, "--ntlm", "--password-stdin", stdin=PASSWORD + "\n")
        wait_for("the user is known", self._is_known)

    def _is_known(self):
        with smtplib.SMTP("127.0.0.1", self.relay.port, timeout=20) as client:
            client.starttls(context=self.context())
            try:
                client.login(USER, PASSWORD)
            except smtplib.SMTPAuthenticationError:
                return False
            return True

    def context(self):
        """A client that trusts this certificate alone, and looks at its name."""
        return ssl.create_default_context(cafile=str(self.certificate))

    def client(self):
        """smtplib's client under TLS, by STARTTLS."""
        client = smtplib.SMTP("127.0.0.1", self.relay.port, timeout=60)
        client.starttls(context=self.context())
        client.ehlo()
        return client


@check("openssl s_client, STARTTLS and implicit TLS, both versions and no older")
def s_client(scene):
    secure = Secure(scene)
    ways = {"STARTTLS": ["-connect", f"127.0.0.1:{secure.relay.port}", "-starttls", "smtp"],
            "implicit": ["-connect", f"127.0.0.1:{secure.tls_port}"]}
    ciphers = []
    for way, arguments in ways.items():
        for version in ["-tls1_2", "-tls1_3"]:
            done = _s_client(secure, [*arguments, version, "-verify_return_error"])
            expect("Verify return code: 0 (ok)" in done.stdout and "250 HELP" in done.stdout,
                   f"{way} {version}: {done.stdout[-600:]!r} {done.stderr[-300:]!r}")
            ciphers.append(next(line.strip() for line in done.stdout.splitlines() if "Cipher is" in line))
        for old in ["-tls1", "-tls1_1"]:
            done = _s_client(secure, [*arguments, old, "-cipher", "ALL:@SECLEVEL=0"])
            expect("Cipher is (NONE)" in done.stdout and "250 HELP" not in done.stdout, f"{way} {old} was taken")
    return "; ".join(sorted(set(ciphers)))


def _s_client(secure, arguments):
    """Says EHLO and QUIT once the server has had time to speak."""
    command = ["openssl", "s_client", "-crlf", "-ign_eof", "-CAfile", str(secure.certificate), "-verify_hostname", "relay.test",
               "-servername", "relay.test", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        time.sleep(1)
        try:
            out, err = process.communicate("EHLO client.example\nquit\n", timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
        return subprocess.CompletedProcess(command, process.returncode, out, err)


@check("smtplib, STARTTLS and implicit TLS, PLAIN and LOGIN")
def smtplib_logins(scene):
    secure = Secure(scene)
    content = message("from smtplib under TLS")
    for count, way in enumerate(["starttls", "implicit", "AUTH LOGIN"], 1):
        if way == "implicit":
            client = smtplib.SMTP_SSL("127.0.0.1", secure.tls_port, timeout=60, context=secure.context())
        else:
            client = secure.client()
        with client:
            client.ehlo()
            if way == "AUTH LOGIN":
                client.user, client.password = USER, PASSWORD
                client.auth("LOGIN", client.auth_login, initial_response_ok=False)
            else:
                client.login(USER, PASSWORD)
            client.sendmail(SENDER, [RECIPIENT], content)
        entries = arrived(secure.sink, content, count)
        received = secure.sink.content(entries[-1])
        expect(b"with ESMTPSA (TLSv1.3 TLS_" in received, f"{way}: {received[:300]!r}")


@check("swaks, STARTTLS and implicit TLS, PLAIN and LOGIN")
def swaks_logins(scene):
    secure = Secure(scene)
    content = message("from swaks under TLS")
    data = scene.folder / "data"
    data.write_bytes(content.replace(b"\r\n", b"\n").removesuffix(b"\n"))
    count = 0
    for tls in (["--tls", "--port", str(secure.relay.port)], ["--tls-on-connect", "--port", str(secure.tls_port)]):
        for mechanism in ("PLAIN", "LOGIN"):
            count += 1
            command = ["swaks", "--server", "127.0.0.1", *tls, "--tls-verify", "--tls-ca-path",
                       str(secure.certificate), "--auth", mechanism, "--auth-user", USER, "--auth-password", PASSWORD,
                       "--from", SENDER, "--to", RECIPIENT, "--data", f"@{data}"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=60)
            expect_equal(done.returncode, 0, f"status of swaks {tls[0]} {mechanism}, after {done.stdout[-600:]!r}")
            arrived(secure.sink, content, count)


@check("curl, smtp with --ssl-reqd and smtps, PLAIN, LOGIN and NTLM")
def curl_logins(scene):
    secure = Secure(scene)
    content = message("from curl under TLS")
    data = scene.folder / "data"
    data.write_bytes(content)
    count = 0
    for url in (f"smtp://localhost:{secure.relay.port}", f"smtps://localhost:{secure.tls_port}"):
        for mechanism in ("PLAIN", "LOGIN", "NTLM"):
            count += 1
            done = _curl(secure, url, mechanism, PASSWORD, data)
            expect_equal(done.returncode, 0, f"status of curl {url} {mechanism}, after {done.stderr[-600:]!r}")
            arrived(secure.sink, content, count)
    # 67 is "login denied".
    expect_equal(_curl(secure, f"smtps://localhost:{secure.tls_port}", "NTLM", "falsch", data).returncode, 67,
                 "status of curl with a wrong password")


def _curl(secure, url, mechanism, password, data):
    command = ["curl", "--verbose", "--silent", "--show-error", "--ssl-reqd", "--cacert", str(secure.certificate),
               "--user", f"{USER}:{password}", "--login-options", f"AUTH={mechanism}", "--mail-from", SENDER,
               "--mail-rcpt", RECIPIENT, "--upload-file", str(data), url]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@check("wrong passwords and unknown users fail alike in text and time")
def wrong_logins(scene):
    secure = Secure(scene)
    said, taken = set(), {USER: [], "nobody": []}
    # The first failures cost less each; from then on all cost the same.
    for number in range(3 + 8):
        user = (USER, "nobody")[number % 2]
        with secure.client() as client:
            response = base64.b64encode(f"\0{user}\0falsch".encode()).decode()
            begun = time.monotonic()
            said.add(client.docmd("AUTH", f"PLAIN {response}"))
            if number >= 3:
                taken[user].append(time.monotonic() - begun)
    expect_equal(said, {(535, b"5.7.3 Authentication unsuccessful.")}, "what was said")
    known, unknown = (statistics.median(times) for times in taken.values())
    expect(abs(known - unknown) < 0.1, f"{known:.3f} s for a known user, {unknown:.3f} s for an unknown one")
    return f"{known:.3f} s for a known user, {unknown:.3f} s for an unknown one"


@check("what stands behind STARTTLS in clear is never run")
def injection(scene):
    secure = Secure(scene)
    for behind in (b"EHLO probe.example\r\n", b"MAIL FROM:<a@evil.example>\r\n", b"NOOP\r\n"):
        with socket.create_connection(("127.0.0.1", secure.relay.port), timeout=20) as stream:
            replies = stream.makefile("rb")
            replies.readline()
            stream.sendall(b"STARTTLS\r\n" + behind)
            expect_equal(replies.read(), b"554 5.5.0 SMTP protocol synchronization error\r\n", "the reply")


@check("sslyze finds nothing against the profile of Mozilla")
def sslyze(scene):
    tool = os.environ.get("SSLYZE") or shutil.which("sslyze")
    if not tool:
        return "left out: sslyze is not installed (pip install sslyze, or name it in SSLYZE)"
    secure = Secure(scene)
    figures = []
    for starttls, port in ((["--starttls=smtp"], secure.relay.port), ([], secure.tls_port)):
        found = scene.folder / f"sslyze-{port}.json"
        command = [tool, f"--json_out={found}", "--mozilla_config=intermediate", "--sni=relay.test", *starttls,
                   f"127.0.0.1:{port}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        result = json.loads(found.read_text())["server_scan_results"][0]["scan_result"]
        for old in ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1"):
            expect_equal(result[f"{old}_cipher_suites"]["result"]["accepted_cipher_suites"], [], f"suites of {old}")
        accepted = [suite["cipher_suite"]["name"] for version in ("tls_1_2", "tls_1_3")
                    for suite in result[f"{version}_cipher_suites"]["result"]["accepted_cipher_suites"]]
        weak = [name for name in accepted if not ("GCM" in name or "CHACHA20" in name)]
        expect_equal(weak, [], "weak suites")
        expect(not result["heartbleed"]["result"]["is_vulnerable_to_heartbleed"], "Heartbleed")
        expect(not result["openssl_ccs_injection"]["result"]["is_vulnerable_to_ccs_injection"], "CCS injection")
        expect_equal(result["robot"]["result"]["robot_result"], "NOT_VULNERABLE_RSA_NOT_SUPPORTED", "ROBOT")
        expect(not result["session_renegotiation"]["result"]["is_vulnerable_to_client_renegotiation_dos"],
               "renegotiation by the client")
        expect(not result["tls_compression"]["result"]["supports_compression"], "compression")
        faults = _faults_of_profile(done.stdout)
        expect(all(fault.startswith("* certificate_path_validation:") for fault in faults), f"{faults}")
        figures.append(f"port {port}: {', '.join(accepted)}")
    return "; ".join(figures)


def _faults_of_profile(text):
    """What is said against the server. That nobody signed the test's own certificate is the only fault there may be."""
    behind = text.partition("Checking results against Mozilla's")[2]
    expect(behind, f"sslyze did not compare: {text[-300:]!r}")
    return [line.strip() for line in behind.splitlines() if line.strip().startswith("* ")]
