//! A program that knows no SMTP and leaves files in Pickup, not all of them well made.

use super::Client;
use crate::demo::letter::encoded;
use crate::demo::people::{CUSTOMERS, OFFICES};

/// Files with which nothing can be done; each ends in Badmail for a reason of its own.
const MALFORMED: [&str; 3] = [
    "x-sender: <erp@corp.example>\r\nx-receiver: <accounts@@partner..example>\r\nFrom: erp@corp.example\r\n\
     Subject: Invoice 88121\r\n\r\nPlease find the invoice attached.\r\n",
    "To: accounts@partner.example\r\nSubject: Invoice without a sender\r\n\r\nPlease pay.\r\n",
    "From: erp@corp.example\r\nSubject: Delivery note for nobody\r\n\r\n12 boxes\r\n",
];

/// Leaves a file every few seconds; the first are the malformed ones, so that Badmail is not empty.
pub(super) async fn drop_off(mut client: Client) {
    for number in 1.. {
        let malformed = match number {
            1..=3 => MALFORMED.get(number - 1),
            _ if number % 12 == 0 => MALFORMED.get(number / 12 % MALFORMED.len()),
            _ => None,
        };
        let text = malformed.map_or_else(|| statement(&mut client, number), |text| (*text).to_owned());
        let file = client.handle.settings().pickup().join(format!("erp-{number:05}.eml"));
        let _ = tokio::fs::write(file, text).await; // without its folder there is nothing to be done
        if number > MALFORMED.len() {
            client.pause(7_000..=12_000).await;
        }
    }
}

fn statement(client: &mut Client, number: usize) -> String {
    let customer = client.one_of(&CUSTOMERS).unwrap_or_default();
    let office = client.one_of(&OFFICES).unwrap_or_default();
    let amount = client.rng.u32(1000..90_000);
    format!(
        "x-sender: <erp@corp.example>\r\nx-receiver: <{customer}>\r\nx-receiver: <{office}>\r\n\
         From: ERP <erp@corp.example>\r\nTo: {customer}\r\nSubject: {}\r\n\r\n\
         Statement {number}\r\nBalance: {}.{:02} EUR\r\n",
        encoded(&format!("Kontoauszug {number} – statement of account")),
        amount / 100,
        amount % 100,
    )
}
