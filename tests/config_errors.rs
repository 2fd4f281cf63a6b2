//! Settings files that are wrong, each with what is said of it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a helper of a test may fail the test")]

use std::path::Path;

use mailroot::config::{Draft, LoadError, Problem, load, parse, sample};
use proptest::prelude::*;

/// A wrong file: its text, and the place, key and a part of the reason of every problem in it.
type Case = (&'static str, &'static [(&'static str, &'static str, &'static str)]);

const NO_TOML: &[Case] = &[
    ("[general\nhostname = \"x\"\n", &[("1:9", "", "unclosed table")]),
    ("[general]\nhostname = mail.example.com\n", &[("2:12", "", "string values must be quoted")]),
    ("[messages]\nmax_message_size = 12 XB\nmax_recipients = \n", &[("2:20", "", "quoted"), ("3:18", "", "")]),
    ("[general]\nmax_connections = 1\nmax_connections = 2\n", &[("3:1", "", "duplicate key")]),
    ("[log]\n[general]\n[log]\n", &[("3:2", "", "duplicate key")]),
    ("mailroot = \"a\nb\"\n", &[("1:14", "", "invalid basic string"), ("2:2", "", "")]),
    ("mailroot = \"\0\"\n", &[("1:13", "", "invalid basic string")]),
];

const UNKNOWN: &[Case] = &[
    ("[general]\nhostnam = \"x\"\n", &[("2:1", "general.hostnam", "did you mean general.hostname?")]),
    ("[generall]\nlisten = []\n", &[("1:2", "generall", "did you mean general?")]),
    ("smart_host = \"x\"\n", &[("1:1", "smart_host", "did you mean delivery.advanced.smart_host?")]),
    ("[delivery.advanced]\n  smarthost = 1\n", &[("2:3", "delivery.advanced.smarthost", "smart_host?")]),
    ("[access]\nrelay = { moed = \"only\" }\n", &[("2:11", "access.relay.moed", "did you mean access.relay.mode?")]),
    ("[general]\nbikeshed = \"green\"\n", &[("2:1", "general.bikeshed", "config show")]),
    ("[[domain]]\nname = \"a.example\"\nroute = 1\n", &[("3:1", "domain[1].route", "no such key")]),
    ("\"\\u001b[2J\" = 1\n", &[("1:1", "\u{1b}[2J", "no such key")]),
    ("\"general.hostname\" = \"x\"\n", &[("1:1", "\"general.hostname\"", "did you mean general.hostname?")]),
    ("[\"\"]\nmailroot = \"x\"\n", &[("1:2", "\"\"", "no such key")]),
    ("general = 5\n", &[("1:11", "general", "not a section")]),
    ("[[general]]\n", &[("1:1", "general", "not a section")]),
    ("domain = \"a.example\"\n", &[("1:10", "domain", "not a list of domains")]),
    ("[domain]\nname = \"a.example\"\n", &[("1:1", "domain", "not a list of domains")]),
    ("domain = [1]\n", &[("1:11", "domain[1]", "not a domain")]),
];

const WRONG_VALUE: &[Case] = &[
    ("mailroot = \"\"\n", &[("1:12", "mailroot", "\"\" is not a path")]),
    ("[general]\nhostname = \"a b\"\n", &[("2:12", "general.hostname", "\"a b\" is not a host name")]),
    ("[general]\nhostname = \"[192.0.2.1]\"\n", &[("2:12", "general.hostname", "is not a host name")]),
    ("[general]\nlisten = [\"localhost:25\"]\n", &[("2:11", "general.listen[1]", "is not an IP address with a port")]),
    ("[general]\nlisten = [\"[::1]:25\", \"::1\"]\n", &[("2:23", "general.listen[2]", "\"::1\" is not an IP address")]),
    ("[general]\nlisten = \"127.0.0.1:25\"\n", &[("2:10", "general.listen", "is not a list")]),
    ("[general]\nmax_connections = -1\n", &[("2:19", "general.max_connections", "-1 is not a count")]),
    ("[general]\nmax_connections = 1.5\n", &[("2:19", "general.max_connections", "1.5 is not a count")]),
    ("[general]\nmax_connections = 4294967296\n", &[("2:19", "general.max_connections", "is not a count")]),
    ("[general]\nconnection_timeout = 0\n", &[("2:22", "general.connection_timeout", "0 is not a time span")]),
    ("[general]\nconnection_timeout = 600\n", &[("2:22", "general.connection_timeout", "600 is not a time span")]),
    ("[general]\nconnection_timeout = \"0s\"\n", &[("2:22", "general.connection_timeout", "is not a time span")]),
    ("[access]\nconnection = { mode = \"all\" }\n", &[("2:23", "access.connection.mode", "\"all\" is not a mode")]),
    ("[access]\nrelay = { list = [\"10.0.0.0/33\"] }\n", &[("2:19", "access.relay.list[1]", "10.0.0.0/33")]),
    ("[access.relay]\nlist = [\n  \"10.0.0.1\",\n  \"10.0.0.300\",\n]\n", &[("4:3", "access.relay.list[2]", ".300")]),
    ("[access.relay]\nallow_authenticated = \"yes\"\n", &[("2:23", "access.relay.allow_authenticated", "a switch")]),
    ("[messages]\nmax_message_size = \"12 XB\"\n", &[("2:20", "messages.max_message_size", "\"12 XB\" is not a size")]),
    ("[messages]\nmax_message_size = \"0 KB\"\n", &[("2:20", "messages.max_message_size", "is not a size")]),
    ("[messages]\nmax_message_size = true\n", &[("2:20", "messages.max_message_size", "true is not a size")]),
    ("[messages]\ncopy_ndr_to = \"postmaster\"\n", &[("2:15", "messages.copy_ndr_to", "is not a mail address")]),
    ("[delivery]\nretry = [\"15m\", \"0m\"]\n", &[("2:17", "delivery.retry[2]", "\"0m\" is not a time span")]),
    ("[delivery]\nretry = [15, 30]\n", &[("2:10", "delivery.retry[1]", ""), ("2:14", "delivery.retry[2]", "")]),
    ("[delivery.outbound_connections]\nport = 0\n", &[("2:8", "delivery.outbound_connections.port", "not a port")]),
    ("[delivery.advanced]\nsmart_host = \"[x]\"\n", &[("2:14", "delivery.advanced.smart_host", "not a smart host")]),
    ("[delivery.advanced]\nmax_hops = 0\n", &[("2:12", "delivery.advanced.max_hops", "0 is not a count")]),
    ("[delivery.advanced]\ndns_servers = [\"dns.example\"]\n", &[("2:16", "delivery.advanced.dns_servers[1]", "IP")]),
    ("[local]\naliases = [\"*.a.example\"]\n", &[("2:12", "local.aliases[1]", "is not a host name")]),
    ("[[domain]]\nrelay = true\n", &[("1:1", "domain[1].name", "missing")]),
    ("[[domain]]\nname = \"*.*.a.example\"\n", &[("2:8", "domain[1].name", "is not a domain")]),
    ("[[domain]]\nname = \"a.example\"\nsecurity = 1\n", &[("3:12", "domain[1].security", "1 is not a table")]),
    (
        "[[domain]]\nname = \"a.example\"\nsecurity = { oauth = 1, verfy = true, verify = 1 }\n",
        &[
            ("3:22", "domain[1].security.oauth", "not a table"),
            ("3:25", "domain[1].security.verfy", "did you mean domain[1].security.verify?"),
            ("3:48", "domain[1].security.verify", "1 is not a switch"),
        ],
    ),
    ("[access]\nauthentication = []\n", &[("2:18", "access.authentication", "no way in is left")]),
    ("[access]\nauthentication = [\"cram\"]\n", &[("2:19", "access.authentication[1]", "not a way to log in")]),
    ("[access]\nauth_without_tls = [\"10/8\"]\n", &[("2:21", "access.auth_without_tls[1]", "not an address")]),
    ("[access]\nusers = \"\"\n", &[("2:9", "access.users", "\"\" is not a path")]),
    (
        "[delivery.outbound_security]\nmethod = \"plain\"\n",
        &[("2:10", "delivery.outbound_security.method", "\"plain\"")],
    ),
    (
        "[delivery.outbound_security]\ntls = \"starttls\"\n",
        &[("2:7", "delivery.outbound_security.tls", "\"starttls\"")],
    ),
    (
        "[delivery.outbound_security]\nusername = \"a\\nb\"\n",
        &[("2:12", "delivery.outbound_security.username", "one line")],
    ),
    (
        "[delivery.outbound_security]\noauth = { token_url = \"http://login.example/token\" }\n",
        &[("2:23", "delivery.outbound_security.oauth.token_url", "is not the address of a token endpoint")],
    ),
    ("[log]\nlevel = \"verbose\"\n", &[("2:9", "log.level", "\"verbose\" is not a level")]),
    ("[log]\nkeep = 2026-11-24\n", &[("2:8", "log.keep", "a date is not a time span")]),
    ("[log]\nkeep = {}\n", &[("2:8", "log.keep", "a table is not a time span")]),
];

const WRONG_TOGETHER: &[Case] = &[
    ("[delivery]\nretry = []\n", &[("2:9", "delivery.retry", "no interval")]),
    ("[messages]\nmax_message_size = \"50 MB\"\n", &[("2:20", "messages.max_message_size", "less than one message")]),
    ("[messages]\nmax_session_size = \"1 MB\"\n", &[("2:20", "messages.max_session_size", "less than one message")]),
    ("[general]\nlisten = [\"[::1]:25\", \"[::1]:25\"]\n", &[("2:23", "general.listen[2]", "listed twice")]),
    (
        "[[domain]]\nname = \"a.example\"\n[[domain]]\nname = \"A.Example\"\n",
        &[("4:8", "domain[2].name", "a.example is domain[1] already")],
    ),
    (
        "[delivery.advanced]\nsmart_host = \"[127.0.0.1]:2525\"\n",
        &[("2:14", "delivery.advanced.smart_host", "is this server itself")],
    ),
    (
        "[[domain]]\nname = \"a.example\"\nsmart_host = \"localhost:2525\"\n",
        &[("3:14", "domain[1].smart_host", "is this server itself")],
    ),
    (
        "[general]\nlisten_tls = [\"127.0.0.1:2525\"]\n",
        &[("2:14", "general.listen_tls", "no certificate"), ("2:15", "general.listen_tls[1]", "listed twice")],
    ),
    ("[access]\nrequire_tls = true\n", &[("2:15", "access.require_tls", "no certificate")]),
    ("[access]\ncertificate = \"c.pem\"\n", &[("2:15", "access.certificate", "a certificate without a private_key")]),
    ("[access]\nprivate_key = \"k.pem\"\n", &[("2:15", "access.private_key", "a private_key without a certificate")]),
    (
        "[delivery.outbound_security]\nmethod = \"basic\"\n",
        &[("2:10", "delivery.outbound_security.method", "\"basic\" needs a user name and a password")],
    ),
    (
        "[delivery.outbound_security]\nmethod = \"integrated\"\nusername = \"u\"\npassword = \"\"\n",
        &[("4:12", "delivery.outbound_security.password", "\"integrated\" needs a password")],
    ),
    (
        "[delivery.outbound_security]\nmethod = \"xoauth2\"\n",
        &[(
            "2:10",
            "delivery.outbound_security.method",
            "application id and a tenant or a token endpoint and a client",
        )],
    ),
    (
        "[delivery.outbound_security]\nmethod = \"xoauth2\"\nusername = \"u\"\n\
         oauth = { grant = \"device_code\", client_id = \"c\" }\n",
        &[("4:19", "delivery.outbound_security.oauth.grant", "a tenant or a token endpoint")],
    ),
    (
        "[delivery.outbound_security]\nmethod = \"xoauth2\"\nusername = \"u\"\noauth = { grant = \"service_account\" }\n",
        &[("4:19", "delivery.outbound_security.oauth.grant", "the key file of an account")],
    ),
    (
        "[[domain]]\nname = \"a.example\"\nsecurity = { method = \"basic\", username = \"u\" }\n",
        &[("3:23", "domain[1].security.method", "\"basic\" needs a password")],
    ),
    (
        "[delivery.outbound_security]\noauth = { tenant = \"a/b\" }\n",
        &[("2:20", "delivery.outbound_security.oauth.tenant", "no tenant")],
    ),
];

const NOT_IN_THIS_VERSION: &[Case] = &[
    ("[log]\nw3c = true\n", &[("2:7", "log.w3c", "not in this version")]),
    ("[ssh]\nlisten = \"127.0.0.1:2222\"\n", &[("2:10", "ssh.listen", "not in this version")]),
    ("[ssh]\nauthorized_keys = \"keys\"\n", &[("2:19", "ssh.authorized_keys", "not in this version")]),
    ("[ssh]\nhost_key = \"key\"\n", &[("2:12", "ssh.host_key", "not in this version")]),
    ("[metrics]\nlisten = \"127.0.0.1:9155\"\n", &[("2:10", "metrics.listen", "not in this version")]),
];

fn problems(text: &str) -> Vec<Problem> {
    parse(text, Path::new("/srv/relay")).expect_err(text)
}

fn check(cases: &[Case]) {
    for (text, expected) in cases {
        let problems = problems(text);
        let found: Vec<_> = problems.iter().map(|p| (p.at.unwrap().to_string(), p.key.as_str())).collect();
        let places: Vec<_> = expected.iter().map(|(at, key, _)| ((*at).to_owned(), *key)).collect();
        assert_eq!(found, places, "{text}{problems:#?}");
        for (problem, (_, _, reason)) in problems.iter().zip(*expected) {
            assert!(problem.reason.contains(reason), "{text}{problem}");
        }
    }
}

#[test]
fn text_that_is_no_toml_is_refused_where_it_is_none() {
    check(NO_TOML);
}

#[test]
fn keys_that_do_not_exist_are_refused_with_what_was_meant() {
    check(UNKNOWN);
}

#[test]
fn values_of_the_wrong_kind_are_refused_where_they_stand() {
    check(WRONG_VALUE);
}

#[test]
fn values_that_are_wrong_together_are_refused_at_the_one_that_was_set() {
    check(WRONG_TOGETHER);
}

#[test]
fn features_of_later_versions_are_refused_and_never_ignored() {
    check(NOT_IN_THIS_VERSION);
}

#[test]
fn features_of_later_versions_may_stand_at_their_defaults() {
    let text = "[log]\nw3c = false\n[ssh]\nlisten = ''\n";
    assert_eq!(parse(text, Path::new("/srv/relay")).map(|_| ()), Ok(()));
}

#[test]
fn all_problems_of_a_file_are_told_at_once_in_its_order() {
    let text = "[delivery]\nretry = []\n[general]\nhostname = 1\nport = 25\nlisten = [\"a\", \"b\"]\n";
    let told: Vec<_> = problems(text).into_iter().map(|problem| problem.key).collect();
    assert_eq!(told, ["delivery.retry", "general.hostname", "general.port", "general.listen[1]", "general.listen[2]"]);
}

#[test]
fn a_value_that_was_refused_makes_no_second_problem_with_others() {
    let text = "[messages]\nmax_message_size = \"20 MB\"\nmax_session_size = \"20 XB\"\n";
    assert_eq!(problems(text).len(), 1);
}

#[test]
fn a_problem_says_what_would_be_right() {
    let said = |text: &str| problems(text)[0].to_string();
    assert_eq!(
        said("[messages]\nmax_message_size = \"12 XB\"\n"),
        "2:20: messages.max_message_size: \"12 XB\" is not a size; \
         expected for example \"2048 KB\" or \"2 MiB\", or 0 for no limit"
    );
    assert_eq!(
        said("[delivery.advanced]\nsmart_host = \"a b\"\n"),
        "2:14: delivery.advanced.smart_host: \"a b\" is not a smart host; \
         expected for example \"smtp.example.com:587\" or \"[192.0.2.10]\", or \"\" for none"
    );
    assert_eq!(said("[log]\nw3c = true\n"), "2:7: log.w3c: not in this version; expected its default, false");
}

#[test]
fn a_secret_is_in_no_problem() {
    for value in [
        "\"hunter2\\n\"",
        "{ file = \"hunter2\\u0000\" }",
        "{ env = \"hunter2=\" }",
        "{ hunter2 = \"hunter2\" }",
        "{ env = \"hunter2\", file = \"hunter2\" }",
        "[\"hunter2\"]",
    ] {
        for text in [
            format!("[delivery.outbound_security]\npassword = {value}\n"),
            format!("[delivery.outbound_security.oauth]\nclient_secret = {value}\n"),
            format!("[[domain]]\nname = \"a.example\"\nsecurity = {{ password = {value} }}\n"),
        ] {
            let problems = problems(&text);
            assert_eq!(problems.len(), 1, "{text}");
            assert!(!format!("{0} {0:?}", problems[0]).contains("hunter2"), "{problems:?}");
        }
    }
}

#[test]
fn escape_sequences_of_the_file_reach_no_terminal() {
    for text in
        ["\"\\u001b[2J\" = 1\n", "[general]\nhostname = \"\\u001b[2J\"\n", "[general]\nhostname = \"a\x1b[2J\"\n"]
    {
        for problem in problems(text) {
            assert!(!problem.to_string().contains('\x1b'), "{problem:?}");
        }
    }
}

#[test]
fn an_endless_value_is_shown_in_part() {
    let text = format!("[general]\nhostname = \"{}\"\n", "x".repeat(100_000));
    assert!(problems(&text)[0].to_string().len() < 300);
}

#[test]
fn tables_nested_without_end_are_refused() {
    problems(&format!("[{}]\n", vec!["a"; 10_000].join(".")));
    problems(&format!("general = {}{}\n", "[".repeat(10_000), "]".repeat(10_000)));
}

#[test]
fn the_file_is_named_before_each_of_its_problems() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mailroot.toml");
    std::fs::write(&path, "[log]\nlevel = 1\nkeep = 1\n").unwrap();
    let told = load(&path).unwrap_err().to_string();
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with(&format!("{}:2:9: log.level: 1 is not a level", path.display())), "{told}");
    assert!(lines[1].starts_with(&format!("{}:3:8: log.keep: ", path.display())), "{told}");
}

#[test]
fn a_file_that_is_missing_or_no_text_is_an_error_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mailroot.toml");
    assert!(matches!(load(&path), Err(LoadError::Read { .. })));
    std::fs::write(&path, b"# \xfcber\n[general]\n# \xfc\n").unwrap();
    let told = load(&path).unwrap_err().to_string();
    assert!(told.ends_with("mailroot.toml:1:3: not UTF-8; expected a text file in UTF-8"), "{told}");
}

/// The sample with a piece of it overwritten.
fn damaged_samples() -> impl Strategy<Value = String> {
    let sample = sample();
    let places: Vec<usize> = sample.char_indices().map(|(at, _)| at).collect();
    let place = prop::sample::select(places);
    (place.clone(), place, "[\\[\\]{}\"'#=.,a-z0-9 \n]{0,6}").prop_map(move |(one, other, piece)| {
        let end = one.max(other).min(one.min(other) + 40);
        format!("{}{piece}{}", &sample[..one.min(other)], sample.get(end..).unwrap_or_default())
    })
}

proptest! {
    #[test]
    fn no_text_breaks_the_parser(text in "\\PC*") {
        let _ = parse(&text, Path::new("/srv/relay"));
    }

    #[test]
    fn a_damaged_file_is_refused_or_read_and_never_misread_by_an_edit(text in damaged_samples()) {
        let base = Path::new("/srv/relay");
        if let (Ok(settings), Ok(draft)) = (parse(&text, base), Draft::open(&text, base)) {
            prop_assert_eq!(parse(&draft.render(), base), Ok(settings));
        }
    }
}
