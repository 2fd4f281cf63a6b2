//! The program as a person or a script calls it: exit statuses, sentences, pipes.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail the test")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use mailroot::engine::{self, Actor, Outcome};
use mailroot::ledger::{Event, Record};
use mailroot::platform::ControlListener;
use mailroot::remote::{self, Executor};
use serde_json::{Value, json};
use tokio::sync::broadcast;

fn mailroot(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailroot"));
    command.current_dir(folder).args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn text(octets: &[u8]) -> &str {
    std::str::from_utf8(octets).unwrap()
}

fn empty_folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn with_settings(settings: &str) -> tempfile::TempDir {
    let folder = empty_folder();
    std::fs::create_dir(folder.path().join("config")).unwrap();
    std::fs::write(folder.path().join("config/mailroot.toml"), settings).unwrap();
    folder
}

#[test]
fn help_is_no_error_and_wrong_usage_is_status_2() {
    let folder = empty_folder();
    let help = mailroot(folder.path(), &["--help"]);
    assert_eq!(help.status.code(), Some(0));
    for command in ["serve", "status", "queue", "badmail", "sessions", "log", "pause", "test", "config", "attach"] {
        assert!(text(&help.stdout).contains(command), "{command}");
    }
    assert_eq!(mailroot(folder.path(), &["queue", "delete"]).status.code(), Some(2));
    assert_eq!(mailroot(folder.path(), &["no-such-command"]).status.code(), Some(2));
}

#[test]
fn bad_settings_are_status_2_and_named() {
    let folder = with_settings("[general]\nlisten = 25\n");
    for command in ["status", "serve"] {
        let output = mailroot(folder.path(), &[command]);
        assert_eq!(output.status.code(), Some(2), "{command}");
        assert!(text(&output.stderr).contains("mailroot.toml:2:"), "{}", text(&output.stderr));
    }
    let output = mailroot(folder.path(), &["--config", "absent.toml", "status"]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.contains("absent.toml"));
    assert_eq!(said.matches("(os error").count(), 1, "the cause is named once: {said}");
}

#[test]
fn without_an_engine_a_view_is_status_1_and_says_how_to_start_one() {
    let folder = empty_folder();
    let output = mailroot(folder.path(), &["queue", "list"]);
    assert_eq!(output.status.code(), Some(1));
    let sentence = text(&output.stderr);
    assert!(sentence.starts_with("mailroot: no mailroot engine answers at "), "{sentence}");
    assert!(sentence.ends_with("start one with `mailroot serve`\n"), "{sentence}");
}

#[test]
fn what_comes_later_says_so_with_status_1() {
    let folder = empty_folder();
    for arguments in [&["admin", "list"][..], &["ssh"], &["config", "import", "MetaBase.xml"]] {
        let output = mailroot(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(text(&output.stderr).contains("is not in this version; "), "{arguments:?}");
    }
}

/// With something on standard input.
fn mailroot_told(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailroot"));
    command.current_dir(folder).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn users_are_kept_without_an_engine_and_no_output_holds_a_secret() {
    let folder = empty_folder();
    let add = ["user", "add", "bob", "--ntlm", "--sender", "bob@corp.example", "--sender", "<>", "--password-stdin"];
    let added = mailroot_told(folder.path(), &add, "s3cret\n");
    assert_eq!(added.status.code(), Some(0), "{}", text(&added.stderr));
    assert!(text(&added.stdout).contains("an NT hash is kept, as good as the password"), "{}", text(&added.stdout));
    let again = mailroot_told(folder.path(), &add, "s3cret\n");
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("there is a user \"bob\" already"), "{}", text(&again.stderr));
    mailroot_told(folder.path(), &["user", "add", "ann", "--max-per-hour", "30", "--password-stdin"], "s3cret\n");
    let list = mailroot(folder.path(), &["user", "list"]);
    let list = text(&list.stdout);
    assert!(list.contains("password, NTLM") && list.contains("holds an NT hash"), "{list}");
    let json = mailroot(folder.path(), &["user", "list", "--json"]);
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["schema"], 1);
    assert_eq!(
        json["users"],
        json!([
            { "name": "bob", "ntlm": true, "senders": ["bob@corp.example", "<>"], "max_messages_per_hour": null },
            { "name": "ann", "ntlm": false, "senders": [], "max_messages_per_hour": 30 },
        ])
    );
    let file = || std::fs::read_to_string(folder.path().join("config/users.toml")).unwrap();
    let before = file();
    assert!(!before.contains("s3cret") && !format!("{list}{json}").contains("$argon2id$"), "{before}");
    let changed = mailroot_told(folder.path(), &["user", "passwd", "BOB", "--password-stdin"], "other\r\n");
    assert_eq!(changed.status.code(), Some(0), "{}", text(&changed.stderr));
    assert_ne!(file(), before);
    assert_eq!(mailroot(folder.path(), &["user", "remove", "ann"]).status.code(), Some(0));
    assert!(!file().contains("\"ann\""));
    for (arguments, reason) in [
        (&["user", "remove", "ann"][..], "there is no user \"ann\""),
        (&["user", "passwd", "ann"], "there is no user \"ann\""),
        (&["user", "add", "eve"], "--password-stdin"),
        (&["config", "login"], "method is not \"xoauth2\""),
    ] {
        let output = mailroot(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(text(&output.stderr).contains(reason), "{}", text(&output.stderr));
    }
    assert_eq!(mailroot(folder.path(), &["user", "add", "eve", "--sender", "a b"]).status.code(), Some(2));
    assert_eq!(mailroot_told(folder.path(), &["user", "add", "eve", "--password-stdin"], "\n").status.code(), Some(1));
}

/// A token endpoint for two requests: for a code, and for the tokens behind it.
fn device_endpoint() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for answer in [
            r#"{"device_code":"d3vice-word","user_code":"ABC-DEF","verification_uri":"https://login.example/device","interval":1}"#,
            r#"{"access_token":"t0ken-word","expires_in":3600,"refresh_token":"r3fresh-word"}"#,
        ] {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 8192];
            let _ = std::io::Read::read(&mut stream, &mut request).unwrap();
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{answer}", answer.len()).unwrap();
        }
    });
    port
}

#[test]
fn a_login_with_a_code_says_what_to_do_and_keeps_the_refresh_token_to_itself() {
    let port = device_endpoint();
    let folder = with_settings(&format!(
        "[delivery.outbound_security]\nmethod = \"xoauth2\"\ntls = \"required\"\nusername = \"box@corp.example\"\n\
         oauth = {{ token_url = \"http://127.0.0.1:{port}/token\", client_id = \"app\", grant = \"device_code\" }}\n"
    ));
    let output = mailroot(folder.path(), &["config", "login"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert!(said.starts_with("Open    https://login.example/device\nType in ABC-DEF\n"), "{said}");
    assert!(said.contains("within 15 minutes") && said.contains("logged in for box@corp.example"), "{said}");
    for secret in ["d3vice-word", "t0ken-word", "r3fresh-word"] {
        assert!(!said.contains(secret) && !text(&output.stderr).contains(secret), "{said}");
    }
    let kept: Vec<_> = std::fs::read_dir(folder.path().join("config/secrets")).unwrap().flatten().collect();
    assert_eq!(kept.len(), 1);
    assert_eq!(std::fs::read_to_string(kept[0].path()).unwrap(), "r3fresh-word");
    assert!(mailroot::platform::files::is_private(&kept[0].metadata().unwrap()));
}

#[test]
fn a_secret_comes_through_a_pipe_to_the_letter_and_nothing_prints_it() {
    let folder = with_settings("");
    let key = "delivery.outbound_security.password";
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailroot"));
    command.current_dir(folder.path()).args(["config", "set", key, "--stdin"]).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"\"s3cret\" \n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(!text(&output.stdout).contains("s3cret"), "{}", text(&output.stdout));
    let settings = mailroot::config::load(&folder.path().join("config/mailroot.toml")).unwrap();
    assert_eq!(settings.delivery.security.password.unwrap().reveal().unwrap().as_str(), "\"s3cret\" ");
    let shown = mailroot(folder.path(), &["config", "show"]);
    assert!(text(&shown.stdout).contains("config/secrets/") && !text(&shown.stdout).contains("s3cret"));

    // Without a pipe and without a terminal there is nobody to ask.
    let nobody = mailroot(folder.path(), &["config", "set", key]);
    assert_eq!(nobody.status.code(), Some(2));
    assert!(text(&nobody.stderr).contains("--stdin"), "{}", text(&nobody.stderr));
}

#[test]
fn a_test_message_without_a_server_says_that_nothing_answers() {
    let folder = with_settings("[general]\nlisten = [\"127.0.0.1:1\"]\n");
    let output = mailroot(folder.path(), &["test", "--to", "bob@example.com"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("nothing answers at 127.0.0.1:1"), "{}", text(&output.stderr));
}

/// A server that takes one message and knows no extensions.
fn take_one_message(listener: &std::net::TcpListener) -> Vec<String> {
    let (mut stream, _) = listener.accept().unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let mut heard = Vec::new();
    stream.write_all(b"220 relay.example ESMTP\r\n").unwrap();
    let mut in_content = false;
    while let Some(Ok(line)) = lines.next() {
        let reply = match line.split(' ').next().unwrap() {
            "." => "250 2.6.0 <ID7> Queued mail for delivery\r\n",
            _ if in_content => "",
            "DATA" => "354 Start mail input\r\n",
            "QUIT" => "221 2.0.0 relay.example\r\n",
            _ => "250 ok\r\n",
        };
        in_content = (in_content || line == "DATA") && line != ".";
        stream.write_all(reply.as_bytes()).unwrap();
        heard.push(line);
    }
    heard
}

#[test]
fn a_test_message_shows_the_dialogue_and_how_to_follow_it() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let folder = with_settings(&format!("[general]\nhostname = \"relay.example\"\nlisten = [\"{address}\"]\n"));
    let server = std::thread::spawn(move || take_one_message(&listener));
    let output = mailroot(folder.path(), &["test", "--to", "bob@example.com"]);
    let shown = text(&output.stdout);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""), "{shown}");
    for line in [
        "S: 220 relay.example ESMTP\n",
        "C: MAIL FROM:<postmaster@relay.example>",
        "C: RCPT TO:<bob@example.com>\n",
        "S: 354 ",
        "S: 250 2.6.0 <ID7> Queued mail for delivery\n",
        "`mailroot log --follow --filter id:ID7`",
    ] {
        assert!(shown.contains(line), "{line:?} is not in {shown}");
    }
    let heard = server.join().unwrap();
    assert!(heard.iter().any(|line| line == "To: <bob@example.com>"), "{heard:?}");
}

/// A control socket that answers with a queue of a thousand messages, without an engine behind it.
struct Fake {
    folder: tempfile::TempDir,
    _runtime: tokio::runtime::Runtime,
}

struct Answers(broadcast::Sender<Arc<Record>>);

const TOTAL: usize = 1003;

impl Executor for Answers {
    async fn execute(&self, actor: &Actor, command: engine::Command) -> Outcome {
        match command {
            engine::Command::QueueList { filter, offset, limit } => {
                let messages: Vec<_> =
                    (offset..TOTAL.min(offset + limit)).map(|number| message(number, &filter)).collect();
                Outcome::View { view: json!({"schema": 1, "total": TOTAL, "messages": messages}) }
            }
            engine::Command::QueueExport { id } => {
                let content = b"Subject: \xff\x1b[2J\r\n\r\n.\r\n".as_slice();
                Outcome::View { view: serde_json::to_value(engine::view::Export::new(id, content)).unwrap() }
            }
            engine::Command::Log { .. } => Outcome::View { view: json!({"schema": 1, "records": [record()]}) },
            engine::Command::Stop | engine::Command::Pause { .. } => Outcome::refused("only administrators may"),
            command => Outcome::Done { count: 1, message: format!("{command:?} for {}", actor.name) },
        }
    }

    fn follow(&self) -> broadcast::Receiver<Arc<Record>> {
        self.0.subscribe()
    }
}

fn message(number: usize, filter: &str) -> Value {
    json!({
        "id": format!("ID{number}"), "state": "queued", "received": "2026-11-24T11:15:03Z",
        "sender": "app\u{202e}@corp.example",
        "recipients": [{"address": "bob@example.com", "status": "pending", "reply": null}],
        "size": 4096, "attempts": 1, "next": "2026-11-24T11:30:03Z", "last_reply": filter, "destination": "example.com"
    })
}

fn record() -> Record {
    let mut record = Record::new("2026-11-24T11:15:03Z".parse().unwrap(), Event::Delivered, "ID7");
    record.sender = Some("app@corp.example".to_owned());
    record.recipient = Some("bob@example.com".to_owned());
    record.reply = Some("250 ok".to_owned());
    record
}

fn fake() -> Fake {
    let folder = with_settings("[control]\nsocket = \"control\"\n");
    // As the settings resolve it: beside the folder `config`, by an absolute path.
    let socket: PathBuf = folder.path().canonicalize().unwrap().join("control");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _inside = runtime.enter();
    let listener = ControlListener::bind(&socket).unwrap();
    runtime.spawn(remote::serve(listener, Arc::new(Answers(broadcast::Sender::new(16)))));
    Fake { folder, _runtime: runtime }
}

#[test]
fn a_list_of_several_pages_is_one_json_object() {
    let fake = fake();
    let output = mailroot(fake.folder.path(), &["queue", "list", "--json", "--filter", "greylisted"]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&list["schema"], &list["total"]), (&json!(1), &json!(TOTAL)));
    assert_eq!(list["messages"].as_array().unwrap().len(), TOTAL);
    assert_eq!(list["messages"][TOTAL - 1], message(TOTAL - 1, "greylisted"));
    assert!(output.stdout.is_ascii(), "what strangers wrote is escaped in JSON too");
}

#[test]
fn a_list_as_text_has_a_line_for_each_message_and_none_is_cut_in_a_pipe() {
    let fake = fake();
    let output = mailroot(fake.folder.path(), &["queue", "--limit", "501"]);
    let lines: Vec<_> = text(&output.stdout).lines().collect();
    assert_eq!(lines.len(), 502);
    assert!(lines[0].starts_with("ID "), "{}", lines[0]);
    assert!(lines[501].starts_with("ID500 ") && lines[501].contains("<app<U+202E>@corp.example>"), "{}", lines[501]);
}

#[test]
fn a_message_is_exported_byte_for_byte() {
    let fake = fake();
    let content = b"Subject: \xff\x1b[2J\r\n\r\n.\r\n";
    assert_eq!(mailroot(fake.folder.path(), &["queue", "export", "ID7"]).stdout, content);
    assert!(mailroot(fake.folder.path(), &["queue", "export", "ID7", "-o", "x.eml"]).status.success());
    assert_eq!(std::fs::read(fake.folder.path().join("x.eml")).unwrap(), content);
}

#[test]
fn acts_say_what_they_did_and_refusals_are_status_1() {
    let fake = fake();
    let done = mailroot(fake.folder.path(), &["queue", "retry", "ID7", "ID8"]);
    assert_eq!(done.status.code(), Some(0));
    assert!(text(&done.stdout).contains("Retry, target: Ids([\"ID7\", \"ID8\"])"), "{}", text(&done.stdout));
    // Nobody is asked where no terminal is.
    let deleted = mailroot(fake.folder.path(), &["badmail", "delete", "--all"]);
    assert!(text(&deleted.stdout).contains("act: Delete, target: All"), "{}", text(&deleted.stdout));
    let refused = mailroot(fake.folder.path(), &["pause"]);
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(text(&refused.stderr), "mailroot: only administrators may\n");
}

#[test]
fn the_log_is_one_view_in_two_forms() {
    let fake = fake();
    let line = mailroot(fake.folder.path(), &["log"]);
    assert_eq!(
        text(&line.stdout),
        "2026-11-24T11:15:03Z delivered ID7 <app@corp.example> -> <bob@example.com> \"250 ok\"\n"
    );
    let json: Value = serde_json::from_slice(&mailroot(fake.folder.path(), &["log", "--json"]).stdout).unwrap();
    assert_eq!(json["records"][0]["event"], "delivered");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let fake = fake();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailroot"));
    command.current_dir(fake.folder.path()).args(["queue", "list"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
}
