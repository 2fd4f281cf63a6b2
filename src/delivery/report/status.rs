//! The part of a report that programs read: `message/delivery-status` (RFC 3464 2).

use super::lines::Lines;
use super::{Kind, Report};
use crate::delivery::attempt::Attempt;
use crate::mail::Recipient;
use crate::text;

/// The fields of the message, then a block of fields for each recipient.
pub(super) fn fields(lines: &mut Lines, report: &Report<'_>) {
    let message = report.message;
    if let Some(envid) = &message.envelope.envid {
        lines.field("Original-Envelope-Id", &text::printable(&envid.decode()));
    }
    lines.field("Reporting-MTA", &format!("dns; {}", report.hostname));
    if let Some(helo) = &message.origin.helo {
        lines.field("Received-From-MTA", &format!("dns; {helo}"));
    }
    lines.field("Arrival-Date", &message.received.rfc5322());
    for (recipient, attempt) in &report.recipients {
        lines.raw("\r\n");
        recipient_fields(lines, report, recipient, attempt);
    }
}

fn recipient_fields(lines: &mut Lines, report: &Report<'_>, recipient: &Recipient, attempt: &Attempt) {
    if let Some(original) = &recipient.orcpt {
        let address = original.address.decode();
        lines.field("Original-Recipient", &format!("{}; {}", original.kind, text::printable(&address)));
    }
    let kind = if recipient.address.needs_smtputf8() { "utf-8" } else { "rfc822" };
    lines.address_field("Final-Recipient", kind, &recipient.address);
    lines.field("Action", report.kind.action());
    lines.field("Status", &attempt.status().to_string());
    match &attempt.remote {
        Some(remote) => {
            lines.field("Remote-MTA", &format!("dns; {}", remote.name));
            lines.field("Diagnostic-Code", &format!("smtp; {}", attempt.reply));
        }
        None => lines.field("Diagnostic-Code", &format!("X-mailroot; {}", attempt.reply)),
    }
    lines.field("Last-Attempt-Date", &report.now.rfc5322());
    if let Kind::Delay { until: Some(until) } = report.kind {
        lines.field("Will-Retry-Until", &until.rfc5322());
    }
}
