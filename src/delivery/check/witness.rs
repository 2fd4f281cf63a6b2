//! The opening of a connection as a check tells it.

use std::time::Duration;

use super::{Finding, Report, StepKind, StepState};
use crate::clock::Timestamp;
use crate::sasl::Mechanism;
use crate::smtp::{Extensions, Milestone, Side, Transcript};
use crate::tls;

/// A certificate that ends within this time is worth a word.
const SOON: Duration = Duration::from_hours(21 * 24);

/// Tells the steps of an opening as they are reached.
pub(super) struct Witness {
    pub(super) report: Report,
    /// Whom the server is taken for.
    pub(super) name: String,
    /// The handshake checks that.
    pub(super) is_verified: bool,
    /// A person wants it unchecked.
    pub(super) is_unchecked_by_wish: bool,
    /// As whom we log in.
    pub(super) user: String,
    pub(super) now: Timestamp,
}

impl Transcript for Witness {
    fn line(&self, side: Side, line: &str) {
        let _ = self.report.0.send(Finding::Line(side, line.to_owned())); // nobody may be there any more to hear it
    }

    fn reached(&self, milestone: Milestone<'_>) {
        match milestone {
            Milestone::Greeted => self.report.passed(StepKind::Greeting, "the server greets us"),
            Milestone::Introduced(extensions) => self.report.passed(StepKind::Hello, offer(extensions)),
            Milestone::Encrypted(session, certificate) => self.encrypted(session, certificate.facts()),
            Milestone::LoggedIn(mechanism) => self.logged_in(mechanism),
        }
    }
}

impl Witness {
    fn encrypted(&self, session: &tls::Session, facts: Option<tls::Facts>) {
        let Some(facts) = facts else {
            let text = format!("{session}; the server's certificate cannot be read, and nobody wants to know");
            return self.report.tell(StepKind::Tls, StepState::Noted, text, None);
        };
        let text = format!(
            "{session}; the certificate is for {}, from {}, valid until {}",
            facts.names.join(", "),
            if facts.is_self_signed { "itself" } else { &facts.issuer },
            facts.expires.date(),
        );
        if !self.is_verified {
            let why = if self.is_unchecked_by_wish { "verify = false" } else { "tls = \"opportunistic\"" };
            let advice = format!("nothing proves that this is {}, since {why} asks for no check", self.name);
            self.report.tell(StepKind::Tls, StepState::Noted, text, Some(&advice));
        } else if facts.expires <= self.now.plus(SOON) {
            let advice = "whoever runs the server has to renew its certificate before then";
            self.report.tell(StepKind::Tls, StepState::Noted, text, Some(advice));
        } else {
            self.report.passed(StepKind::Tls, format!("{text}; all checks passed for {}", self.name));
        }
    }

    fn logged_in(&self, mechanism: Mechanism) {
        let text = format!("logged in as {} with {}", self.user, mechanism.name());
        self.report.passed(StepKind::Login, text);
    }
}

/// What a server offers, as far as it matters here.
fn offer(extensions: &Extensions) -> String {
    if !extensions.esmtp {
        return "the server knows only HELO: no TLS, no login".to_owned();
    }
    let mut words = Vec::new();
    if extensions.starttls {
        words.push("STARTTLS".to_owned());
    }
    if !extensions.auth.is_empty() {
        words.push(format!("AUTH {}", extensions.auth.join(" ")));
    }
    if let Some(limit) = extensions.size_limit() {
        words.push(format!("messages of up to {limit} octets"));
    }
    for (is_offered, name) in
        [(extensions.pipelining, "PIPELINING"), (extensions.eight_bit_mime, "8BITMIME"), (extensions.dsn, "DSN")]
    {
        if is_offered {
            words.push(name.to_owned());
        }
    }
    if words.is_empty() {
        "the server offers nothing".to_owned()
    } else {
        format!("the server offers {}", words.join(", "))
    }
}
