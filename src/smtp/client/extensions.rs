//! What a remote server offers: the keywords in its answer to EHLO (RFC 5321 4.1.1.1).

use crate::mail::Reply;
use crate::text::shortened;

/// Mechanisms remembered, and characters of each (RFC 4422 3.1 allows 20).
const MAX_MECHANISMS: usize = 16;
const MAX_MECHANISM: usize = 20;

/// The extensions of a remote server that we use. All off for a server that knows only HELO.
///
/// Nothing here is trusted further than it can do harm: a number that makes no sense is no number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extensions {
    /// EHLO was understood.
    pub esmtp: bool,
    /// PIPELINING (RFC 2920).
    pub pipelining: bool,
    /// 8BITMIME (RFC 6152).
    pub eight_bit_mime: bool,
    /// SMTPUTF8 (RFC 6531).
    pub smtputf8: bool,
    /// DSN (RFC 3461).
    pub dsn: bool,
    /// CHUNKING (RFC 3030).
    pub chunking: bool,
    /// ENHANCEDSTATUSCODES (RFC 2034).
    pub enhanced_status_codes: bool,
    /// STARTTLS (RFC 3207).
    pub starttls: bool,
    /// The mechanisms behind AUTH (RFC 4954 3), in the server's order, upper case and printable; those behind
    /// `AUTH=`, as old servers write it, too.
    pub auth: Vec<Box<str>>,
    /// SIZE (RFC 1870) and the largest message taken, in octets; `Some(0)` is an offer without a fixed limit.
    pub size: Option<u64>,
    /// LIMITS MAILMAX (RFC 9422): transactions on one connection.
    pub mail_max: Option<u32>,
    /// LIMITS RCPTMAX (RFC 9422): recipients of one transaction.
    pub rcpt_max: Option<u32>,
    /// LIMITS RCPTDOMAINMAX (RFC 9422): different domains among the recipients of one transaction.
    pub rcpt_domain_max: Option<u32>,
}

impl Extensions {
    /// From the answer to EHLO; its first line is the server's name.
    pub(super) fn parse(reply: &Reply) -> Self {
        let mut extensions = Self { esmtp: true, ..Self::default() };
        for line in reply.text.split('\n').skip(1) {
            let mut words = line.split_ascii_whitespace();
            let keyword = words.next().unwrap_or_default().to_ascii_uppercase();
            match keyword.as_str() {
                "PIPELINING" => extensions.pipelining = true,
                "8BITMIME" => extensions.eight_bit_mime = true,
                "SMTPUTF8" => extensions.smtputf8 = true,
                "DSN" => extensions.dsn = true,
                "CHUNKING" => extensions.chunking = true,
                "ENHANCEDSTATUSCODES" => extensions.enhanced_status_codes = true,
                "STARTTLS" => extensions.starttls = true,
                "AUTH" => words.for_each(|word| extensions.mechanism(word)),
                "SIZE" => extensions.size = Some(words.next().and_then(|word| word.parse().ok()).unwrap_or(0)),
                "LIMITS" => words.for_each(|word| extensions.limit(word)),
                _ => {
                    // `AUTH=LOGIN PLAIN`: from before there was a standard.
                    if let Some(first) = keyword.strip_prefix("AUTH=") {
                        std::iter::once(first).chain(words).for_each(|word| extensions.mechanism(word));
                    }
                }
            }
        }
        extensions
    }

    /// The largest message the server takes, in octets, if it named one.
    pub fn size_limit(&self) -> Option<u64> {
        self.size.filter(|&limit| limit > 0)
    }

    fn mechanism(&mut self, word: &str) {
        let name: Box<str> = shortened(&word.to_ascii_uppercase(), MAX_MECHANISM).into();
        if !name.is_empty() && self.auth.len() < MAX_MECHANISMS && !self.auth.contains(&name) {
            self.auth.push(name);
        }
    }

    fn limit(&mut self, word: &str) {
        let Some((name, value)) = word.split_once('=') else { return };
        let limit = match name.to_ascii_uppercase().as_str() {
            "MAILMAX" => &mut self.mail_max,
            "RCPTMAX" => &mut self.rcpt_max,
            "RCPTDOMAINMAX" => &mut self.rcpt_domain_max,
            _ => return,
        };
        *limit = value.parse().ok().filter(|&limit| limit > 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(lines: &str) -> Extensions {
        Extensions::parse(&Reply::plain(250, format!("mx.example\n{lines}")))
    }

    #[test]
    fn keywords_are_found_in_any_case_and_unknown_ones_passed_over() {
        let extensions = offered("pipelining\nXCLIENT NAME\n8BitMIME\nSIZE 1000\nDSN\nSMTPUTF8\nENHANCEDSTATUSCODES\n");
        assert!(extensions.esmtp && extensions.pipelining && extensions.eight_bit_mime && extensions.dsn);
        assert!(extensions.smtputf8 && extensions.enhanced_status_codes && !extensions.chunking);
        assert_eq!(extensions.size_limit(), Some(1000));
    }

    #[test]
    fn the_name_in_the_first_line_is_no_keyword() {
        assert!(!Extensions::parse(&Reply::plain(250, "PIPELINING")).pipelining);
    }

    #[test]
    fn nh16_absurd_limits_are_no_limits() {
        for text in ["SIZE", "SIZE 0", "SIZE abc", "SIZE -1", "SIZE 99999999999999999999"] {
            let extensions = offered(text);
            assert_eq!((extensions.size, extensions.size_limit()), (Some(0), None), "{text}");
        }
        for text in ["LIMITS RCPTMAX=0", "LIMITS RCPTMAX=x", "LIMITS RCPTMAX", "LIMITS RCPTMAX=99999999999", "LIMITS"] {
            assert_eq!(offered(text).rcpt_max, None, "{text}");
        }
    }

    #[test]
    fn a012_mechanisms_are_read_in_any_case_and_from_the_old_form() {
        let extensions = offered("STARTTLS\nauth plain Login\nAUTH=LOGIN ntlm\nAUTH\nAUTH=");
        assert!(extensions.starttls);
        assert_eq!(extensions.auth.iter().map(|name| &**name).collect::<Vec<_>>(), ["PLAIN", "LOGIN", "NTLM"]);
        let many = (0..99).map(|n| format!("M{n}{}", "x".repeat(99))).collect::<Vec<_>>().join(" ");
        let extensions = offered(&format!("AUTH {many}"));
        assert!(extensions.auth.len() == 16 && extensions.auth[0].chars().count() == 20);
    }

    #[test]
    fn m008_limits_are_read() {
        let extensions = offered("LIMITS MAILMAX=7 rcptmax=5 RCPTDOMAINMAX=2 OTHER=1");
        assert_eq!(extensions.mail_max, Some(7));
        assert_eq!(extensions.rcpt_max, Some(5));
        assert_eq!(extensions.rcpt_domain_max, Some(2));
    }
}
