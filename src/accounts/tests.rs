use std::fs;
use std::path::PathBuf;

use super::*;
use crate::clock::Timestamp;
use crate::platform::files;
use crate::sasl::{Channel, ClientExchange, House, Mechanism, NtHash, ServerExchange, ServerStep};

const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const NOW: Timestamp = Timestamp::from_unix(1_795_518_903);

/// Accounts of ann, and of bob, who may log in by NTLM and send as himself only; a cheap hash for quick tests.
fn accounts() -> (tempfile::TempDir, PathBuf, Accounts) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users.toml");
    let hash = argon2_hash("s3cret");
    let text = format!(
        "[[user]]\nname = \"Ann\"\npassword = \"{hash}\"\nmax_messages_per_hour = 2\n[[user]]\nname = \"bob\"\n\
         password = \"{hash}\"\nnt_hash = \"{}\"\nsenders = [\"bob@corp.example\"]\n",
        *NtHash::of("s3cret").digits()
    );
    files::replace_private(&path, text.as_bytes()).unwrap();
    let accounts = Accounts::new(Arc::new(Clock::starting_at(NOW)));
    assert!(accounts.refresh(&path).unwrap());
    (folder, path, accounts)
}

fn argon2_hash(password: &str) -> String {
    use argon2::password_hash::{PasswordHasher as _, SaltString};
    let params = argon2::Params::new(64, 1, 1, None).unwrap();
    let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let salt = SaltString::from_b64("c29tZXNhbHQ").unwrap();
    argon2.hash_password(password.as_bytes(), &salt).unwrap().to_string()
}

fn ntlm(user: &str, password: &str) -> NtlmLogin {
    let mut client = ClientExchange::ntlm(user, password, "CORP", Channel::Open, NOW);
    let house = House { host: "relay.corp.example", now: NOW };
    let mut step = ServerExchange::start(Mechanism::Ntlm, None, house);
    loop {
        match step {
            ServerStep::Challenge { challenge, exchange } => {
                step = exchange.answer(&client.answer(&challenge).unwrap());
            }
            ServerStep::Ntlm(login) => return login,
            step => panic!("{step:?}"),
        }
    }
}

fn path(text: &str) -> ReversePath {
    ReversePath::Mailbox(crate::mail::Address::parse(text, false).unwrap())
}

#[tokio::test(start_paused = true)]
async fn the_right_password_lets_in_under_the_name_in_the_file() {
    let (_folder, _, accounts) = accounts();
    assert_eq!(accounts.verify(CLIENT, "ann", "s3cret").await, Verdict::Accepted("Ann".into()));
    assert_eq!(accounts.verify(CLIENT, "CORP\\BOB", "s3cret").await, Verdict::Accepted("bob".into()));
    assert_eq!(accounts.verify(CLIENT, "ann", "S3cret").await, Verdict::Refused);
    assert_eq!(accounts.verify(CLIENT, "nobody", "s3cret").await, Verdict::Refused);
    assert_eq!(accounts.verify(CLIENT, "", "").await, Verdict::Refused);
}

#[tokio::test(start_paused = true)]
async fn ntlm_lets_in_only_who_has_a_hash_for_it() {
    let (_folder, _, accounts) = accounts();
    assert_eq!(accounts.verify_ntlm(CLIENT, &ntlm("bob", "s3cret")).await, Verdict::Accepted("bob".into()));
    assert_eq!(accounts.verify_ntlm(CLIENT, &ntlm("bob", "wrong")).await, Verdict::Refused);
    assert_eq!(accounts.verify_ntlm(CLIENT, &ntlm("ann", "s3cret")).await, Verdict::Refused);
    assert_eq!(accounts.verify_ntlm(CLIENT, &ntlm("nobody", "")).await, Verdict::Refused);
    let users = accounts.users();
    assert!(users.find("ann").unwrap().nt_hash.is_none() && users.find("bob").unwrap().nt_hash.is_some());
}

/// By the clock of the test, which stands still while passwords are hashed: what is compared is what failures cost. That
/// nobody's hash takes as long as anybody's is tested where it is made.
#[tokio::test(start_paused = true)]
async fn au12_an_unknown_user_costs_the_same_as_a_wrong_password() {
    let mut costs = Vec::new();
    for user in ["ann", "nobody"] {
        let (_folder, _, accounts) = accounts();
        let mut took = Vec::new();
        for _ in 0..4 {
            let begun = tokio::time::Instant::now();
            assert_eq!(accounts.verify(CLIENT, user, "wrong").await, Verdict::Refused);
            took.push(begun.elapsed().as_secs());
        }
        costs.push(took);
    }
    assert_eq!(costs, [[1, 2, 4, 5], [1, 2, 4, 5]]);
}

#[tokio::test(start_paused = true)]
async fn too_many_failures_end_in_no_login_at_all_even_with_the_right_password() {
    let (_folder, _, accounts) = accounts();
    let attempts = (0..40).map(|_| {
        let accounts = accounts.clone();
        tokio::spawn(async move { accounts.verify(CLIENT, "ann", "wrong").await })
    });
    let attempts: Vec<_> = attempts.collect();
    let mut verdicts = Vec::new();
    for attempt in attempts {
        verdicts.push(attempt.await.unwrap());
    }
    assert_eq!(verdicts.iter().filter(|verdict| **verdict == Verdict::Refused).count(), 20, "also of those at once");
    assert_eq!(verdicts.iter().filter(|verdict| **verdict == Verdict::Throttled).count(), 20);
    assert_eq!(accounts.verify(CLIENT, "ann", "s3cret").await, Verdict::Throttled);
    assert_eq!(accounts.refused(CLIENT).await, Verdict::Throttled);
    tokio::time::advance(Duration::from_mins(30)).await;
    assert_eq!(accounts.verify(CLIENT, "ann", "s3cret").await, Verdict::Accepted("Ann".into()));
}

#[tokio::test(start_paused = true)]
async fn guesses_under_made_up_domains_count_for_the_user_behind_them() {
    let (_folder, _, accounts) = accounts();
    for n in 0..50u8 {
        let client = IpAddr::from([198, 51, 100, n]);
        assert_eq!(accounts.verify(client, &format!("D{n}\\ANN"), "wrong").await, Verdict::Refused);
    }
    assert_eq!(accounts.verify(IpAddr::from([198, 51, 100, 99]), "OTHER\\ann", "s3cret").await, Verdict::Throttled);
}

#[tokio::test(start_paused = true)]
async fn a_login_that_hangs_up_early_counts_as_failed() {
    let (_folder, _, accounts) = accounts();
    for _ in 0..20 {
        let hung_up = tokio::time::timeout(Duration::from_millis(1), accounts.verify(CLIENT, "ann", "wrong")).await;
        assert!(hung_up.is_err());
    }
    assert_eq!(accounts.verify(CLIENT, "ann", "s3cret").await, Verdict::Throttled);
}

#[tokio::test(start_paused = true)]
async fn a_user_sends_as_and_as_often_as_the_file_says() {
    let (_folder, _, accounts) = accounts();
    assert!(accounts.may_send_as("bob", &path("bob@corp.example")));
    assert!(!accounts.may_send_as("bob", &path("ann@corp.example")));
    assert!(accounts.may_send_as("ann", &path("bob@corp.example")));
    assert!(!accounts.may_send_as("removed", &path("bob@corp.example")));
    let sent = (0..5).filter(|_| accounts.count_message("ann").is_ok()).count();
    assert_eq!(sent, 2);
    assert!((0..5).all(|_| accounts.count_message("bob").is_ok()));
    assert!(accounts.count_message("ann").is_err_and(|wait| wait == Duration::from_mins(30)));
}

#[tokio::test]
async fn a_file_is_read_again_when_it_changed_and_a_bad_one_changes_nothing() {
    let (_folder, path, accounts) = accounts();
    assert!(!accounts.refresh(&path).unwrap(), "nothing changed");
    remove(&path, "bob").unwrap();
    assert!(accounts.refresh(&path).unwrap());
    assert!(accounts.users().find("bob").is_none() && accounts.users().find("ann").is_some());
    files::replace_private(&path, b"[[user]]\nname = \"eve\"\n").unwrap();
    assert!(accounts.refresh(&path).unwrap_err().to_string().contains("users.toml:1:1: user[1].password: is missing"));
    assert!(accounts.users().find("ann").is_some());
    assert!(!accounts.refresh(&path).unwrap(), "what is wrong is told once");
    fs::remove_file(&path).unwrap();
    assert!(accounts.refresh(&path).unwrap());
    assert_eq!(accounts.users().iter().count(), 0, "without a file nobody may log in");
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_others_may_read_is_refused_until_it_is_closed() {
    let (_folder, path, accounts) = accounts();
    let text = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    fs::write(&path, &text).unwrap();
    assert!(!files::is_private(&fs::metadata(&path).unwrap()), "the usual umask lets others read");
    let error = accounts.refresh(&path).unwrap_err().to_string();
    assert!(error.contains("may be read or written by others") && error.contains("chmod 600"), "{error}");
    assert!(accounts.users().find("ann").is_some());
    files::replace_private(&path, &text).unwrap();
    assert!(accounts.refresh(&path).unwrap());
}
