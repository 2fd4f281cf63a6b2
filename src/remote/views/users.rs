//! The users as text.

use super::super::table::{Column, Table};
use crate::engine::view::{UserList, UserRow};
use crate::text::printable;

/// What is to be known of an NT hash.
const NT_HASH: &str = "NTLM: the users file holds an NT hash of this user, which is as good as the password for NTLM.";

/// A row for each user; without any, where there would be some.
pub fn users(list: &UserList, width: Option<usize>) -> String {
    if list.users.is_empty() {
        return format!("no users in {}; `mailroot user add NAME` adds one\n", printable(&list.path));
    }
    let table = table(&list.users);
    let layout = table.layout(width);
    let note = if list.users.iter().any(|user| user.ntlm) { format!("\n{NT_HASH}\n") } else { String::new() };
    table.head(&layout) + &table.body(&layout) + &note
}

fn table(users: &[UserRow]) -> Table {
    let mut table = Table::new(&[
        Column::Text("NAME"),
        Column::Word("LOGS IN BY"),
        Column::Number("MESSAGES/HOUR"),
        Column::Text("SENDS FROM"),
    ]);
    for user in users {
        table.row([
            user.name.as_str(),
            if user.ntlm { "password, NTLM" } else { "password" },
            &user.max_messages_per_hour.map_or_else(|| "any".to_owned(), |limit| limit.to_string()),
            &if user.senders.is_empty() { "any".to_owned() } else { user.senders.join(", ") },
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_says_who_logs_in_how_and_plainly_what_an_nt_hash_is() {
        let user = |name: &str, ntlm| UserRow {
            name: name.to_owned(),
            ntlm,
            senders: if ntlm { vec!["a@b.example".to_owned(), "<>".to_owned()] } else { Vec::new() },
            max_messages_per_hour: ntlm.then_some(30),
        };
        let list = |users| UserList { schema: 1, path: "config/users.toml".to_owned(), users };
        let shown = users(&list(vec![user("ann\u{1b}[2J", false), user("bob", true)]), None);
        let lines: Vec<Vec<_>> = shown.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[1], ["ann\u{241b}[2J", "password", "any", "any"]);
        assert_eq!(lines[2], ["bob", "password,", "NTLM", "30", "a@b.example,", "<>"]);
        assert!(shown.ends_with(&format!("\n{NT_HASH}\n")), "{shown}");
        assert!(!users(&list(vec![user("ann", false)]), None).contains("NT hash"));
        assert!(users(&list(Vec::new()), None).starts_with("no users in config/users.toml"));
    }
}
