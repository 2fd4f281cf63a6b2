//! Every vector of `tests/data/attack-vectors.tsv` that an SMTP server without TLS and logins can be attacked with.
//!
//! The file is read, so that a new row is a failing test until somebody has decided what happens with it: a vector
//! whose class or id nobody here knows fails, and what is left out is left out in `elsewhere`, by class or id, to tests
//! that bear its id or with its reason.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a helper of a test may fail the test")]

#[path = "../support/attack_vectors.rs"]
mod attack_vectors;
#[path = "../support/smtp_session.rs"]
mod smtp_session;

mod addresses;
mod chunks;
mod commands;
mod content;
mod elsewhere;
mod limits;
mod relay;
mod shown;
mod smuggling;

use std::sync::Arc;
use std::time::Duration;

use attack_vectors::{Vector, assert_harmless, unescape, vectors};
use smtp_session::{House, Said, Session, insider, outsider};

/// Runs one vector, or says that it is left out.
async fn run(vector: &Vector) -> bool {
    if elsewhere::has(vector) {
        return false;
    }
    match vector.class.as_str() {
        "smuggle-in" => smuggling::inside(vector).await,
        "smuggle-in-start" => smuggling::at_the_start(vector).await,
        "eod-split" | "dot-stuffing" | "smuggle-encoded" | "data-eof" | "data-noterm" | "bare-eol-header"
        | "header-malformed" | "header-dup" | "loop-backscatter" => content::run(vector).await,
        "cmd-eol" | "cmd-inject" | "cmd-ctl" | "cmd-8bit" | "cmd-unknown" | "cmd-args" | "cmd-syntax" | "cmd-esmtp"
        | "cmd-helo" | "cross-protocol" | "pipelining" | "backpressure" => commands::run(vector).await,
        "bdat" | "bdat-eol" | "bdat-edge" | "bdat-unadvertised" => chunks::run(vector).await,
        "open-relay" => relay::run(vector).await,
        "address" => addresses::run(vector).await,
        "limits" => limits::run(vector).await,
        "terminal" => shown::run(vector),
        "terminal-fields" => shown::in_every_field(),
        class => panic!("{}: nobody has decided what to do with the class {class}", vector.id),
    }
    true
}

/// A vector of a class that is run, with an id that its runner does not know.
fn unknown(vector: &Vector) -> ! {
    panic!("{}: nobody has decided what is safe for this vector of class {}", vector.id, vector.class)
}

#[tokio::test(start_paused = true)]
async fn every_vector_has_its_safe_outcome() {
    let vectors = vectors();
    assert!(vectors.len() >= 218, "the file is cut short");
    let mut run_so_far = 0;
    for vector in &vectors {
        println!("{} {}", vector.id, vector.class);
        run_so_far += usize::from(run(vector).await);
    }
    assert!(run_so_far >= 140, "only {run_so_far} vectors were run");
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "nobody has decided")]
async fn a_vector_that_nobody_knows_fails() {
    run(&Vector { id: "OR99".to_owned(), class: "limits".to_owned(), bytes: String::new() }).await;
}

/// The codes of the replies to lines said one by one to a fresh session.
async fn codes(peer: mailroot::smtp::Peer, lines: &[&str]) -> Vec<String> {
    let mut session = Session::hello(&House::new(), peer).await;
    let mut codes = Vec::new();
    for line in lines {
        codes.push(session.say(line).await.codes());
    }
    codes
}

/// Whether the session is alive and in step: one command, one reply, and then silence.
async fn is_in_step(session: &mut Session) -> bool {
    session.say("NOOP").await.codes() == "250 2.0.0" && session.is_silent().await
}

/// Whether the content has the normal form in which it is kept: every CR and every LF is half of a CRLF.
fn is_normal(content: &[u8]) -> bool {
    let text = content.iter().map(|&b| char::from(b)).collect::<String>().replace("\r\n", "");
    !text.contains(['\r', '\n']) && (content.is_empty() || content.ends_with(b"\r\n"))
}
