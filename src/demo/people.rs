//! Who is written to, and what the smart hosts know of their mailboxes.

/// The state of a mailbox at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mailbox {
    /// It takes mail.
    Open,
    /// Its server lets strangers wait before it takes their mail.
    Greylisted,
    /// It takes no more until somebody clears it.
    Full,
    /// There is none of this name.
    Missing,
}

/// Customers of the web shop. Those whose mail does not simply go through come first, so that they are seen at once.
pub(super) const CUSTOMERS: [&str; 14] = [
    "m.huber@inbox.example",
    "sam.taylor@campus.example",
    "anna.keller@post.example",
    "yuki.tanaka@yubin.example",
    "nina.novak@campus.example",
    "oskar.nilsson@fjord.example",
    "li.wei@youxiang.example",
    "maria.silva@correio.example",
    "j.martin@inbox.example",
    "info@bücher.example",
    "priya.nair@post.example",
    "t.okafor@inbox.example",
    "elena.rossi@posta.example",
    "claire.dubois@courrier.example",
];

/// Addresses that customers mistyped.
pub(super) const MISTYPED: [&str; 3] =
    ["anna.kellner@post.example", "j.matrin@inbox.example", "yuki.tanka@yubin.example"];

/// The offices behind the branch's own server, which is not always there.
pub(super) const OFFICES: [&str; 6] = [
    "reception@branch.example",
    "sales@branch.example",
    "stock@branch.example",
    "service@branch.example",
    "training@branch.example",
    "manager@branch.example",
];

/// Who is on call.
pub(super) const ON_CALL: &str = "on-call@pager.example";
/// A company that gets a copy of each order for its goods.
pub(super) const SUPPLIER: &str = "orders@partner.example";
/// The archive, which takes its time.
pub(super) const ARCHIVE: &str = "scans@archive.example";
/// A colleague; mail to this domain stays here.
pub(super) const REPORTS: &str = "reports@corp.example";

const FULL: [&str; 1] = ["m.huber@inbox.example"];
const GREYLISTING: &str = "@campus.example";

/// What the host that has a mailbox knows of it. Whoever is not known as anything else is welcome, so that a message
/// to any address comes through.
pub(super) fn mailbox(address: &str) -> Mailbox {
    if MISTYPED.contains(&address) {
        Mailbox::Missing
    } else if FULL.contains(&address) {
        Mailbox::Full
    } else if address.ends_with(GREYLISTING) {
        Mailbox::Greylisted
    } else {
        Mailbox::Open
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::Address;

    #[test]
    fn nobody_who_is_written_to_can_exist() {
        let others = [ON_CALL, SUPPLIER, ARCHIVE, REPORTS];
        for text in CUSTOMERS.iter().chain(&MISTYPED).chain(&OFFICES).chain(&others) {
            let address = Address::parse(text, true).unwrap();
            assert!(address.domain().as_str().ends_with(".example"), "RFC 2606 reserves no {text}");
        }
    }

    #[test]
    fn every_kind_of_mailbox_is_written_to() {
        let known: Vec<_> = CUSTOMERS.iter().chain(&MISTYPED).map(|address| mailbox(address)).collect();
        for kind in [Mailbox::Open, Mailbox::Greylisted, Mailbox::Full, Mailbox::Missing] {
            assert!(known.contains(&kind), "{kind:?}");
        }
    }
}
