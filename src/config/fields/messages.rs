//! Tab Messages.

use std::time::Duration;

use super::{Apply, Field, Section};
use crate::mail::Address;

pub(super) static MESSAGES: Section = Section {
    path: "messages",
    title: "Messages",
    about: "how much mail is taken, and what becomes of mail that cannot be delivered.",
    inline: false,
    fields: &[
        Field {
            key: "messages.max_message_size",
            label: "Limit message size to",
            help: "Announced to clients by SIZE; 0 is no limit. Old server: 2048 KB.",
            default: r#""2048 KB""#,
            apply: Apply::NextSession,
            slot: live!(messages.max_message_size: Option<u64>),
        },
        Field {
            key: "messages.max_session_size",
            label: "Limit session size to",
            help: "The sum of the messages of one session; 0 is no limit. Old server: 10240 KB.",
            default: r#""10240 KB""#,
            apply: Apply::NextSession,
            slot: live!(messages.max_session_size: Option<u64>),
        },
        Field {
            key: "messages.max_messages_per_connection",
            label: "Limit number of messages per connection to",
            help: "After so many sent messages a new connection is opened; 0 is no limit. Old server: 20.",
            default: "20",
            apply: Apply::Now,
            slot: live!(messages.max_messages_per_connection: Option<u32>),
        },
        Field {
            key: "messages.max_recipients",
            label: "Limit number of recipients per message to",
            help: "The client is told to send the rest in a further transaction; 0 is no limit. Old server: 100.",
            default: "100",
            apply: Apply::NextSession,
            slot: live!(messages.max_recipients: Option<u32>),
        },
        Field {
            key: "messages.copy_ndr_to",
            label: "Send copy of Non-Delivery Report to",
            help: "A mail address; \"\" is nobody. Old server: nobody.",
            default: r#""""#,
            apply: Apply::Now,
            slot: live!(messages.copy_ndr_to: Option<Address>),
        },
        Field {
            key: "messages.badmail_max_size",
            label: "Limit Badmail to",
            help: "Beyond it the oldest files are removed; 0 is no limit. Old server: no limit.",
            default: r#""1 GiB""#,
            apply: Apply::Now,
            slot: live!(messages.badmail_max_size: Option<u64>),
        },
        Field {
            key: "messages.badmail_max_age",
            label: "Keep Badmail for",
            help: "Older files are removed; 0 is for ever. Old server: for ever.",
            default: r#""90d""#,
            apply: Apply::Now,
            slot: live!(messages.badmail_max_age: Option<Duration>),
        },
    ],
};
