//! An engine with every kind of secret, among servers that repeat what they are told.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use mailroot::accounts::{self, NewUser};
use mailroot::clock::Timestamp;
use mailroot::engine::{CheckEvent, Command, Outcome};
use mailroot::oauth::DeviceLoginEvent;
use mailroot::platform::files;
use mailroot::sasl::{
    self, Channel, ClientExchange, House as ServerName, Mechanism, NtHash, ServerExchange, ServerStep, Zeroizing,
};
use serde_json::json;

use super::certificates::Certificate;
use super::client::{Client, TlsClient};
use super::eventually;
use super::evidence::Evidence;
use super::house::{House, Place, as_admin};
use super::scripted_peer::{ScriptedPeer, say};
use super::token_endpoint::TokenEndpoint;

const USER_PASSWORD: &str = "user-geheim-4711";
const WRONG_PASSWORD: &str = "wrong-geheim-0815";
const ADDED_PASSWORD: &str = "added-geheim-1234";
const CHANGED_PASSWORD: &str = "changed-geheim-5678";
const GIVEN_PASSWORD: &str = "given-geheim-2345";
const FILE_PASSWORD: &str = "file-geheim-3456";
const NTLM_PASSWORD: &str = "ntlm-geheim-4567";
const CLIENT_SECRET: &str = "client-geheim-6789";
const REVOKED_SECRET: &str = "revoked-geheim-7890";
const TYPED_SECRET: &str = "typed-geheim-8901";
const ACCESS_TOKEN: &str = "eyJ0-access-geheim-9012";
const REFRESH_TOKEN: &str = "0.refresh-geheim-0123";
const DEVICE_CODE: &str = "device-geheim-1357";
/// The tests have it in their environment, and nothing prints it by itself.
const VARIABLE: (&str, &str) = ("CARGO_PKG_DESCRIPTION", env!("CARGO_PKG_DESCRIPTION"));
/// A part of the key of the service account.
const KEY: &str = include_str!("../data/service_account.pem");

/// Each secret, and each way it is sent or kept.
pub(crate) fn secrets() -> Vec<String> {
    let passwords = [
        USER_PASSWORD,
        WRONG_PASSWORD,
        ADDED_PASSWORD,
        CHANGED_PASSWORD,
        GIVEN_PASSWORD,
        FILE_PASSWORD,
        NTLM_PASSWORD,
        CLIENT_SECRET,
        REVOKED_SECRET,
        TYPED_SECRET,
        ACCESS_TOKEN,
        REFRESH_TOKEN,
        DEVICE_CODE,
        VARIABLE.1,
    ];
    let base64 = |text: &str| sasl::encode(text.as_bytes()).to_string();
    let mut secrets: Vec<_> = passwords.iter().map(ToString::to_string).collect();
    secrets.extend(passwords.iter().map(|password| base64(password)));
    for user in ["app", "nobody", "relay@corp.example"] {
        secrets.extend(passwords.iter().map(|password| base64(&format!("\0{user}\0{password}"))));
    }
    secrets.push(base64(&format!("user=box@corp.example\x01auth=Bearer {ACCESS_TOKEN}\x01\x01")));
    secrets.extend(passwords.iter().map(|password| NtHash::of(password).digits().to_string()));
    secrets.extend(KEY.lines().filter(|line| line.len() == 64).map(str::to_owned));
    secrets.extend(["$argon2id$", "BEGIN PRIVATE KEY", "TlRMTVNTUAAD"].map(str::to_owned));
    secrets
}

/// Where each secret that is in a text stands.
pub(crate) fn leaks(text: &str) -> Vec<String> {
    let leak = |secret: String| {
        let at = text.find(&secret)?;
        let from = text.floor_char_boundary(at.saturating_sub(200));
        Some(format!("{secret} in ...{}", &text[from..text.ceil_char_boundary(at + secret.len() + 50)]))
    };
    secrets().into_iter().filter_map(leak).collect()
}

pub(crate) struct Scene {
    pub(crate) house: House,
    certificate: Certificate,
}

impl Scene {
    pub(crate) async fn open() -> Self {
        let certificate = Certificate::made_for("relay.test");
        let mut place = Place::new(&[
            ("access.authentication", "[\"anonymous\", \"basic\", \"integrated\"]"),
            ("delivery.outbound_security.method", "\"basic\""),
            ("delivery.outbound_security.tls", "\"none\""),
            ("delivery.outbound_security.username", "\"relay@corp.example\""),
            ("delivery.retry", "[\"1s\"]"),
        ]);
        place.set("access.certificate", &quoted(&certificate.file()));
        place.set("access.private_key", &quoted(&certificate.key_file()));
        place.set("delivery.outbound_security.password", &format!("{GIVEN_PASSWORD:?}"));
        let host = hop(&repeating("PLAIN LOGIN", GIVEN_PASSWORD)).await;
        place.set("delivery.advanced.smart_host", &host);
        place.write();
        let config = place.settings_file().with_file_name("");
        let domains = domains(&config).await;
        let place = place.with_domains(&domains);
        for ntlm in [false, true] {
            let name = if ntlm { "app" } else { "basic" }.to_owned();
            let password = Zeroizing::new(USER_PASSWORD.to_owned());
            let user = NewUser { name, password, ntlm, senders: Vec::new(), max_messages_per_hour: None };
            accounts::add(&place.users_file(), &user).unwrap();
        }
        Self { house: place.open().await, certificate }
    }

    /// What administrators do with secrets.
    pub(crate) async fn commands(&self, evidence: &Evidence) {
        let name = || "new".to_owned();
        let add = Command::UserAdd {
            name: name(),
            password: ADDED_PASSWORD.into(),
            ntlm: true,
            senders: Vec::new(),
            max_messages_per_hour: None,
        };
        let change = Command::UserChange {
            name: name(),
            password: Some(CHANGED_PASSWORD.into()),
            ntlm: None,
            senders: None,
            max_messages_per_hour: None,
        };
        let text = fs::read_to_string(self.config().join("mailroot.toml")).unwrap();
        let typed =
            format!("{text}\n[[domain]]\nname = \"typed.example\"\nsecurity = {{ password = {TYPED_SECRET:?} }}\n");
        let apply = Command::SettingsApply { text: typed.into(), base: text.clone().into() };
        let stale = Command::SettingsApply { text: text.into(), base: format!("password = {TYPED_SECRET:?}").into() };
        for command in [add, change, apply, stale, Command::SettingsText] {
            evidence.debug(&command);
            let outcome = self.house.ask(command).await;
            evidence.debug(&outcome);
            if let Outcome::Done { .. } | Outcome::Refused { .. } = outcome {
                evidence.add(outcome);
            }
        }
    }

    /// Clients that log in, rightly and not, by everything there is.
    pub(crate) async fn inbound_logins(&self, evidence: &Evidence) {
        for (user, password) in [("app", USER_PASSWORD), ("app", WRONG_PASSWORD), ("nobody", WRONG_PASSWORD)] {
            let mut client = self.client().await;
            let plain = sasl::encode(format!("\0{user}\0{password}").as_bytes());
            evidence.text(&client.say(format!("AUTH PLAIN {}", *plain)).await);
            let mut client = self.client().await;
            client.say(format!("auth login {}", *sasl::encode(user.as_bytes()))).await;
            evidence.text(&client.say(sasl::encode(password.as_bytes()).as_str()).await);
            let mut client = self.client().await;
            let mut exchange = ClientExchange::ntlm(user, password, "CORP", Channel::Open, Timestamp::from_unix(0));
            let mut reply = client.say("AUTH NTLM").await;
            while let Some(challenge) = reply.strip_prefix("334") {
                let answer = exchange.answer_text(challenge.trim_start().as_bytes()).unwrap();
                reply = client.say(answer.as_str()).await;
            }
            evidence.text(&reply);
            // In the wrong place: before the command, and instead of one.
            let mut client = self.client().await;
            evidence.text(&client.say(format!("AUTH {}", *plain)).await);
            evidence.text(&client.say(plain.as_str()).await);
        }
    }

    /// Mail by every kind of login, all of which fail: each server repeats what it is told.
    pub(crate) async fn outbound_mail(&self, evidence: &Evidence) {
        let mut client = Client::hello(self.house.address().await).await;
        let domains = ["far", "file", "variable", "ntlm", "token", "code", "google", "revoked"];
        for domain in domains {
            let recipient = format!("bob@{domain}.example");
            client.submit("<app@corp.example>", &[&recipient], "Subject: x\r\n\r\n").await;
        }
        eventually("each message was tried", async || {
            self.house.queue().await.iter().all(|message| message["last_reply"].is_string())
        })
        .await;
        evidence.debug(&self.house.handle.latest().problems);
    }

    /// Each smart host, explained.
    pub(crate) async fn checks(&self, evidence: &Evidence) {
        for domain in
            [None, Some("file"), Some("variable"), Some("ntlm"), Some("token"), Some("google"), Some("revoked")]
        {
            let domain = domain.map(|domain| format!("{domain}.example"));
            let parsed = domain.as_ref().map(|domain| domain.parse().unwrap());
            let mut watch = self.house.handle.check_smart_host(&as_admin(), parsed).unwrap();
            while let Some(event) = watch.next().await {
                if let CheckEvent::Line { text, .. } = &event {
                    evidence.text(text);
                }
                evidence.debug(&event);
            }
            evidence.add(self.house.ask(Command::CheckSmartHost { domain }).await);
        }
    }

    pub(crate) async fn device_login(&self, evidence: &Evidence) {
        let mut login = self.house.handle.log_in(&as_admin(), Some("code.example")).unwrap();
        let mut last = None;
        while let Some(event) = login.next().await {
            evidence.debug(&event);
            last = Some(event);
        }
        assert!(matches!(last, Some(DeviceLoginEvent::Done { .. })), "{last:?}");
        eventually("there is a token of the login", async || {
            let status = self.house.status().await;
            let tokens = status["tokens"].as_array().unwrap();
            tokens.iter().any(|token| token["domain"] == "code.example" && token["valid_until"].is_string())
        })
        .await;
    }

    /// What the program prints of the same files.
    pub(crate) fn programs(&self, evidence: &Evidence) {
        let file = self.config().join("mailroot.toml");
        for arguments in [
            &["config", "show"][..],
            &["config", "show", "--json"],
            &["config", "check"],
            &["user", "list"],
            &["user", "list", "--json"],
            &["status", "--json"],
        ] {
            let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_mailroot"));
            let output = program.arg("--config").arg(&file).args(arguments).output().unwrap();
            evidence.text(&String::from_utf8_lossy(&output.stdout));
            evidence.text(&String::from_utf8_lossy(&output.stderr));
        }
    }

    /// Stops, and adds every file that is left below the mailroot: the queue, the logs, the state.
    pub(crate) async fn leave(self, evidence: &Evidence) {
        let root = self.house.path("");
        let place = self.house.stop().await;
        let mut folders = vec![root];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                match entry.file_type().unwrap() {
                    kind if kind.is_dir() => folders.push(entry.path()),
                    kind if kind.is_file() => {
                        evidence.text(&String::from_utf8_lossy(&fs::read(entry.path()).unwrap()));
                    }
                    _ => {}
                }
            }
        }
        drop(place);
    }

    fn config(&self) -> PathBuf {
        self.house.path("..").join("config")
    }

    async fn client(&self) -> TlsClient {
        Client::hello(self.house.address().await).await.start_tls(&self.certificate.connector()).await
    }
}

/// A path as TOML takes it.
fn quoted(path: &Path) -> String {
    format!("{:?}", path.to_str().unwrap())
}

/// A server that repeats a secret, in clear and in base64, when it refuses a login.
fn repeating(mechanisms: &str, secret: &str) -> ScriptedPeer {
    let base64 = sasl::encode(secret.as_bytes());
    let plain = sasl::encode(format!("\0relay@corp.example\0{secret}").as_bytes());
    let sent = if mechanisms.contains("PLAIN") { plain.as_str() } else { "" };
    ScriptedPeer::new()
        .offering(&[&format!("AUTH {mechanisms}")])
        .on("AUTH", say(format!("535 5.7.8 not with {secret}, {} or {sent}", *base64)))
}

/// A server of NTLM that refuses what it hears.
fn ntlm() -> ScriptedPeer {
    let house = ServerName { host: "far.example", now: Timestamp::from_unix(1_795_518_903) };
    // NEGOTIATE, as a client that offers Unicode begins.
    let negotiate = [&b"NTLMSSP\0\x01\0\0\0\x05\x82\x08\0"[..], &[0; 16]].concat();
    let ServerStep::Challenge { challenge, .. } = ServerExchange::start(Mechanism::Ntlm, Some(&negotiate), house)
    else {
        panic!("no challenge");
    };
    ScriptedPeer::new()
        .offering(&["AUTH NTLM"])
        .on("AUTH", say("334 ntlm supported"))
        .on("TlRMTVNTUAAB", say(format!("334 {}", *sasl::encode(&challenge))))
        .on("TlRMTVNTUAAD", say(format!("535 5.7.3 not with {NTLM_PASSWORD}")))
}

async fn hop(peer: &ScriptedPeer) -> String {
    super::house::smart_host(peer.listen().await)
}

/// Remote domains, each with another kind of secret.
async fn domains(config: &Path) -> String {
    let key = config.join("key.json");
    let account = json!({ "client_email": "relay@project.example", "private_key": KEY });
    files::replace_private(&key, account.to_string().as_bytes()).unwrap();
    files::replace_private(&config.join("password"), FILE_PASSWORD.as_bytes()).unwrap();
    files::replace_private(&config.join("revoked"), REVOKED_SECRET.as_bytes()).unwrap();
    let endpoint = endpoint().await;
    let tokens = || repeating("XOAUTH2", ACCESS_TOKEN);
    let basic =
        |password: String| format!("method = \"basic\", username = \"relay@corp.example\", password = {password}");
    let oauth = |more: String| {
        let url = endpoint.url();
        format!(
            "method = \"xoauth2\", username = \"box@corp.example\", oauth = {{ token_url = {url:?}, client_id = \"app\", \
             {more} }}"
        )
    };
    let all = [
        ("file", repeating("PLAIN", FILE_PASSWORD), basic("{ file = \"config/password\" }".to_owned())),
        ("variable", repeating("LOGIN", VARIABLE.1), basic(format!("{{ env = {:?} }}", VARIABLE.0))),
        (
            "ntlm",
            ntlm(),
            format!(
                "method = \"integrated\", username = \"relay\", password = {NTLM_PASSWORD:?}, ntlm_domain = \"CORP\""
            ),
        ),
        ("token", tokens(), oauth(format!("client_secret = {CLIENT_SECRET:?}"))),
        ("code", tokens(), oauth("grant = \"device_code\"".to_owned())),
        ("google", tokens(), oauth(format!("grant = \"service_account\", service_account = {}", quoted(&key)))),
        ("revoked", tokens(), oauth("client_secret = { file = \"config/revoked\" }".to_owned())),
    ];
    let mut text = String::new();
    for (name, peer, security) in all {
        let host = hop(&peer).await;
        writeln!(
            text,
            "[[domain]]\nname = \"{name}.example\"\nsmart_host = {host}\nsecurity = {{ tls = \"none\", {security} }}"
        )
        .unwrap();
    }
    text
}

/// Gives tokens and codes, and repeats the whole form where it refuses.
async fn endpoint() -> TokenEndpoint {
    TokenEndpoint::start(|path, form| {
        let answer = match path {
            "/devicecode" => json!({ "device_code": DEVICE_CODE, "user_code": "ABC", "interval": 1,
                                     "verification_uri": "https://login.example/" }),
            _ if form.contains(REVOKED_SECRET) => {
                let said = format!("AADSTS7000222: The secret {REVOKED_SECRET} is expired: {form}");
                return (401, json!({ "error": "invalid_client", "error_description": said }).to_string());
            }
            _ => json!({ "access_token": ACCESS_TOKEN, "expires_in": 3600, "refresh_token": REFRESH_TOKEN }),
        };
        (200, answer.to_string())
    })
    .await
}
