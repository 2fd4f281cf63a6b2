//! Programs that speak SMTP well: a scanner, a database job, a monitoring script, a web shop.

use std::time::Duration;

use fastrand::Rng;
use tokio::net::TcpStream;

use super::Client;
use crate::demo::letter::{Attachment, Letter};
use crate::demo::people::{ARCHIVE, CUSTOMERS, MISTYPED, OFFICES, ON_CALL, REPORTS, SUPPLIER};
use crate::smtp::Connection;

/// Between two blocks of a scan: the scanner's network is slow.
const SCANNER_PAUSE: Duration = Duration::from_millis(90);
/// Orders that the shop sends over one connection.
const ORDERS_PER_CONNECTION: usize = 12;
/// One order in so many has an address that the customer mistyped.
const MISTYPED_ONE_IN: usize = 13;

/// A scanner: now and then a message with a large attachment, to the archive and to whoever stood at the device.
pub(super) async fn scan(mut client: Client) {
    const SUBJECTS: [&str; 3] = ["Scan from MFP 2nd floor", "Numérisation du 2e étage", "複合機からのスキャン 📠"];
    let mut number: u32 = 407;
    loop {
        number += 1;
        let size = client.rng.usize(180_000..1_100_000);
        let letter = Letter {
            sender: "mfp-2nd-floor@corp.example",
            name: "MFP 2nd floor",
            recipients: vec![ARCHIVE, client.one_of(&CUSTOMERS).unwrap_or(ARCHIVE)],
            subject: client.one_of(&SUBJECTS).unwrap_or_default().to_owned(),
            text: format!("Document {number}, 300 dpi, grey\n"),
            attachment: Some(Attachment::scan(format!("scan-{number:05}.pdf"), size, &mut client.rng)),
        };
        if let Some(mut connection) = client.open().await
            && client.send_slowly(&mut connection, &letter, SCANNER_PAUSE).await.is_some()
        {
            connection.quit().await;
        }
        client.pause(7_000..=16_000).await;
    }
}

/// A database job: a burst of small reports, then nothing for a while.
pub(super) async fn report(mut client: Client) {
    const JOBS: [&str; 5] =
        ["Nightly backup", "Index maintenance", "Ledger export", "Stock levels", "Überfällige Posten"];
    loop {
        if let Some(mut connection) = client.open().await {
            for _ in 0..client.rng.usize(8..14) {
                let job = client.one_of(&JOBS).unwrap_or_default();
                let rows = client.rng.u32(3..60);
                let office = client.one_of(&OFFICES).unwrap_or(REPORTS);
                let recipient = if client.rng.u8(..3) == 0 { office } else { REPORTS };
                let letter = Letter {
                    sender: "sqlagent@corp.example",
                    name: "SQL Server Agent",
                    recipients: vec![recipient],
                    subject: format!("{job}: {rows} rows"),
                    text: table(rows, &mut client.rng),
                    attachment: None,
                };
                if client.send(&mut connection, &letter).await.is_none() {
                    break;
                }
                client.pause(150..=500).await;
            }
            connection.quit().await;
        }
        client.pause(18_000..=26_000).await;
    }
}

fn table(rows: u32, rng: &mut Rng) -> String {
    let rows: Vec<_> = (1..=rows).map(|row| format!("{row:6}  {:10}  ok\n", rng.u32(..))).collect();
    rows.concat()
}

/// A monitoring script: one short message after the other, to one recipient, each over a connection of its own.
pub(super) async fn watch(mut client: Client) {
    const CHECKS: [&str; 5] = ["web01 HTTP", "db01 disk /var", "vpn gateway", "mail queue", "Klimaanlage Serverraum"];
    loop {
        let check = client.one_of(&CHECKS).unwrap_or_default();
        let sign = client.one_of(&["OK ✅", "WARNING ⚠", "OK ✅"]).unwrap_or_default();
        let value = client.rng.u32(1..100);
        let letter = Letter {
            sender: "icinga@corp.example",
            name: "Monitoring",
            recipients: vec![ON_CALL],
            subject: format!("[{sign}] {check} is at {value} %"),
            text: format!("Service: {check}\nState:   {sign}\nValue:   {value} %\n"),
            attachment: None,
        };
        if let Some(mut connection) = client.open().await {
            client.pause(150..=500).await; // the check itself
            if client.send(&mut connection, &letter).await.is_some() {
                connection.quit().await;
            }
        }
        client.pause(2_000..=3_400).await;
    }
}

/// A web shop: orders come steadily, and the connection is kept for the next one.
pub(super) async fn sell(mut client: Client) {
    let mut orders = 0;
    loop {
        if let Some(mut connection) = client.open().await {
            for _ in 0..ORDERS_PER_CONNECTION {
                if confirm(&mut client, &mut connection, orders).await.is_none() {
                    break;
                }
                orders += 1;
                client.pause(500..=1_500).await;
            }
            connection.quit().await;
        }
        client.pause(300..=900).await;
    }
}

/// Confirms an order: to the customers in turn, and to the supplier where it has the goods.
async fn confirm(client: &mut Client, connection: &mut Connection<TcpStream>, order: usize) -> Option<()> {
    const SUBJECTS: [&str; 5] = [
        "Your order is on its way 📦",
        "Ihre Bestellung ist unterwegs",
        "ご注文の確認",
        "您的订单已确认 🎉",
        "Confirmação do pedido",
    ];
    const GOODS: [&str; 4] = ["Desk lamp", "Teekanne, grün", "万年筆", "Cadeira dobrável"];
    let mistyped = order % MISTYPED_ONE_IN == 2;
    let customer = if mistyped { client.one_of(&MISTYPED)? } else { CUSTOMERS[order % CUSTOMERS.len()] };
    let mut recipients = vec![customer];
    if order % 4 == 2 {
        recipients.push(SUPPLIER);
    }
    let subject = client.one_of(&SUBJECTS)?;
    let goods = client.one_of(&GOODS)?;
    let number = 20_311 + order;
    let letter = Letter {
        sender: "shop@corp.example",
        name: "Corp Web Shop",
        recipients,
        subject: format!("{subject} #{number}"),
        text: format!("Order {number}\n\n1 x {goods}\n\nThank you!\n"),
        attachment: None,
    };
    client.send(connection, &letter).await.map(drop)
}
