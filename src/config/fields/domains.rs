//! The Domains node: local domains, and the remote domains of `[[domain]]`.

use super::{Apply, Field, Kind, Section, Slot};
use crate::config::setting::Setting;
use crate::config::{self, DomainPattern, SmartHost};
use crate::mail::Domain;

pub(super) static LOCAL: Section = Section {
    path: "local",
    title: "Domains, local",
    about: "the domains whose mail stays here, in Drop.",
    inline: false,
    fields: &[
        Field {
            key: "local.default_domain",
            label: "Local (Default)",
            help: "Completes addresses without a domain; \"\" is the host name. Old server: the same.",
            default: r#""""#,
            apply: Apply::NextSession,
            slot: Slot::Live {
                kind: <Option<Domain> as Setting>::KIND,
                read: |settings, input| {
                    let domain = Option::<Domain>::read(input)?;
                    settings.local.default_domain = domain.unwrap_or_else(|| settings.general.hostname.clone());
                    Ok(())
                },
                write: |settings| settings.local.default_domain.write(),
            },
        },
        Field {
            key: "local.aliases",
            label: "Local (Alias)",
            help: "Further local domains.",
            default: "[]",
            apply: Apply::NextSession,
            slot: live!(local.aliases: Vec<Domain>),
        },
        Field {
            key: "local.drop_quota",
            label: "Enable drop directory quota",
            help: "Limits Drop to a multiple of the largest message. Old server: off.",
            default: "false",
            apply: Apply::NextSession,
            slot: live!(local.drop_quota: bool),
        },
    ],
};

/// The keys of one `[[domain]]`.
pub static DOMAIN: &[Field<config::Domain>] = &[
    Field {
        key: "name",
        label: "Name",
        help: "One domain, or all below one as *.example.com; an exact name wins.",
        default: "",
        apply: Apply::NextSession,
        slot: live!(name: DomainPattern),
    },
    Field {
        key: "relay",
        label: "Allow incoming mail to be relayed to this domain",
        help: "Whatever the relay list says. Old server: off.",
        default: "false",
        apply: Apply::NextSession,
        slot: live!(relay: bool),
    },
    Field {
        key: "smart_host",
        label: "Forward all mail to smart host",
        help: "\"\" leaves the general route. Old server: none.",
        default: r#""""#,
        apply: Apply::Now,
        slot: live!(smart_host: Option<SmartHost>),
    },
    Field {
        key: "security",
        label: "Outbound Security",
        help: "A table with any key of [delivery.outbound_security], which it overrides.",
        default: "{}",
        apply: Apply::Now,
        slot: Slot::later(Kind::Text),
    },
];
