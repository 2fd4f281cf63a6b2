//! The sessions as text.

use std::time::Duration;

use super::super::table::{Column, Table};
use super::units::{size, span};
use crate::engine::view::Session;

/// A table with a row for each session.
pub fn sessions_table(sessions: &[Session]) -> Table {
    let mut table = Table::new(&[
        Column::Word("ID"),
        Column::Word("DIRECTION"),
        Column::Word("STATE"),
        Column::Number("AGE"),
        Column::Number("MESSAGES"),
        Column::Number("SIZE"),
        Column::Word("PEER"),
        Column::Word("TLS"),
        Column::Text("USER"),
        Column::Text("NAME"),
    ]);
    for session in sessions {
        table.row([
            &session.id,
            &session.direction,
            &session.state,
            &span(Duration::from_secs(session.age)),
            &session.messages.to_string(),
            &size(session.bytes),
            &session.peer,
            if session.tls { "yes" } else { "no" },
            session.user.as_deref().unwrap_or("-"),
            session.name.as_deref().unwrap_or("-"),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_says_who_does_what_and_for_how_long() {
        let session = Session {
            id: "17".to_owned(),
            direction: "inbound".to_owned(),
            peer: "192.0.2.7:50000".to_owned(),
            name: Some("host\u{9b}2J".to_owned()),
            user: Some("app".to_owned()),
            tls: true,
            cipher: Some("TLSv1.3 TLS_AES_256_GCM_SHA384".to_owned()),
            state: "content".to_owned(),
            messages: 2,
            bytes: 8192,
            age: 75,
        };
        let table = sessions_table(&[session]);
        let layout = table.layout(None);
        assert_eq!(
            table.head(&layout) + &table.body(&layout),
            "ID  DIRECTION  STATE    AGE  MESSAGES    SIZE  PEER             TLS  USER  NAME\n\
             17  inbound    content   1m         2  8.0 KB  192.0.2.7:50000  yes  app   host<U+009B>2J\n"
        );
    }
}
