//! The Domains node: local domains, and the remote domains of `[[domain]]`.

use super::{Apply, Field, Section, Slot, security};
use crate::config::setting::Setting;
use crate::config::{self, DomainPattern, PerMinute, SmartHost};
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

/// The sections of one `[[domain]]`, with keys relative to it.
pub static DOMAIN: &[&Section<config::Domain>] = &[&REMOTE, &security::OF_DOMAIN, &security::OAUTH_OF_DOMAIN];

static REMOTE: Section<config::Domain> = Section {
    path: "",
    title: "Remote domain",
    about: "a domain whose mail has a way of its own.",
    inline: false,
    fields: &[
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
            key: "max_messages_per_minute",
            label: "Limit messages per minute to",
            help: "To its destination; 0 is no limit, \"\" leaves the general one. Old server: none such.",
            default: r#""""#,
            apply: Apply::Now,
            slot: live!(max_messages_per_minute: Option<PerMinute>),
        },
        security::OWN,
    ],
};
