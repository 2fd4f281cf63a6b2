//! Badmail as text.

use super::super::table::{Column, Table};
use super::queue::{message, path, recipients};
use super::section;
use super::units::{age, size};
use crate::clock::Timestamp;
use crate::engine::view::{Badmail, BadmailShow};

/// A table with a row for each message.
pub fn badmail_table(messages: &[Badmail], now: Timestamp) -> Table {
    let mut table = Table::new(&[
        Column::Word("ID"),
        Column::Number("AGE"),
        Column::Number("SIZE"),
        Column::Text("SENDER"),
        Column::Text("RECIPIENTS"),
        Column::Text("REASON"),
    ]);
    for Badmail { message, reason } in messages {
        table.row([
            &message.id,
            &age(&message.received, now),
            &size(message.size),
            &path(&message.sender),
            &recipients(&message.recipients),
            reason,
        ]);
    }
    table
}

/// Everything about one message but its content.
pub fn badmail_show(shown: &BadmailShow, now: Timestamp) -> String {
    let reason = ("Reason", Some(shown.message.reason.clone()));
    message(&shown.message.message, &[reason], now) + &section("Header", shown.header.iter())
}

#[cfg(test)]
mod tests {
    use super::super::queue::tests::{message, now};
    use super::*;

    #[test]
    fn a_list_says_why_each_message_is_there() {
        let bad = Badmail { message: message(), reason: "no report possible: the sender is <>".to_owned() };
        let table = badmail_table(&[bad], now());
        let layout = table.layout(None);
        assert_eq!(
            table.head(&layout) + &table.body(&layout),
            "ID        AGE    SIZE  SENDER              RECIPIENTS            REASON\n\
             0JX4-a_b   3h  4.0 KB  <app@corp.example>  <bob@example.com> +2  no report possible: the sender is <>\n"
        );
    }
}
