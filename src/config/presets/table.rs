//! The presets. Numbers are the providers' own, as far as they publish any.

use super::{Host, METHOD, Need, Preset, SMART_HOST};

const TLS: &str = "delivery.outbound_security.tls";
const GRANT: &str = "delivery.outbound_security.oauth.grant";
const DIRECT_FIRST: &str = "delivery.advanced.direct_first";
const PER_DOMAIN: &str = "delivery.outbound_connections.max_per_domain";
const PER_MINUTE: &str = "delivery.outbound_connections.max_messages_per_minute";
const PER_CONNECTION: &str = "messages.max_messages_per_connection";

const USERNAME: &str = "delivery.outbound_security.username";
const PASSWORD: &str = "delivery.outbound_security.password";
const TENANT: &str = "delivery.outbound_security.oauth.tenant";
const CLIENT_ID: &str = "delivery.outbound_security.oauth.client_id";
const CLIENT_SECRET: &str = "delivery.outbound_security.oauth.client_secret";

/// All presets, the usual ones first.
pub static PRESETS: &[Preset] = &[
    Preset {
        name: "microsoft365",
        title: "Microsoft 365, client submission",
        about: "Through a mailbox of the tenant, to anyone, with a token of an application.",
        host: Host::Is(r#""smtp.office365.com:587""#),
        settings: &[
            (DIRECT_FIRST, "false"),
            (TLS, r#""required""#),
            (PER_DOMAIN, "3"),
            (PER_MINUTE, "30"),
            (PER_CONNECTION, "20"),
            (GRANT, r#""client_credentials""#),
            (METHOD, r#""xoauth2""#),
        ],
        needs: &[
            Need { key: TENANT, what: "The directory (tenant) id, or a domain of the tenant." },
            Need { key: CLIENT_ID, what: "The application (client) id of the app registration." },
            Need { key: CLIENT_SECRET, what: "The value of a client secret of the application; it is shown once." },
            Need { key: USERNAME, what: "The address of the mailbox that sends." },
        ],
        steps: &[
            "Entra admin center, App registrations: register an application, and make a client secret for it. Note the \
             day on which the secret ends.",
            "API permissions of the application: add Office 365 Exchange Online, application permission \
             SMTP.SendAsApp, and grant admin consent.",
            "Exchange Online PowerShell: New-ServicePrincipal -AppId APPLICATION_ID -ObjectId OBJECT_ID, with the object \
             id of the enterprise application. The app registration shows another object id, which does not work.",
            "Add-MailboxPermission -Identity MAILBOX -User OBJECT_ID -AccessRights FullAccess",
            "Set-CASMailbox -Identity MAILBOX -SmtpClientAuthenticationDisabled $false; Security defaults of the tenant \
             must not forbid it.",
        ],
        notes: &[
            "A mailbox may have 3 connections and send 30 messages a minute, to 10,000 recipients a day.",
            "Messages that other addresses send need the right Send As for the mailbox.",
            "Sent messages are kept in the mailbox, and fill it in time.",
            "Where no application permission is granted, set oauth.grant to \"device_code\": a person logs in once.",
        ],
    },
    Preset {
        name: "microsoft365-connector",
        title: "Microsoft 365, connector",
        about: "To the tenant's own MX host, without a login; known by the address this site has in the Internet.",
        host: Host::Below("mail.protection.outlook.com"),
        settings: &[
            (DIRECT_FIRST, "false"),
            (TLS, r#""required""#),
            (PER_DOMAIN, "20"),
            (PER_MINUTE, "0"),
            (PER_CONNECTION, "20"),
            (METHOD, r#""anonymous""#),
        ],
        needs: &[Need {
            key: SMART_HOST,
            what: "The MX host of your domain with port 25: contoso-com.mail.protection.outlook.com:25.",
        }],
        steps: &[
            "Exchange admin center, Mail flow, Connectors: add one from your organization's email server to Office 365.",
            "Let it know this server by the address under which the site reaches the Internet, which must be a fixed one.",
            "Add that address to the SPF record of your domain.",
            "The firewall must let port 25 out.",
        ],
        notes: &[
            "Mail to recipients outside of the tenant goes this way only from domains of the tenant.",
            "Connections: a number of ours, since none is published.",
        ],
    },
    Preset {
        name: "gmail",
        title: "Gmail",
        about: "Through one Google account, with an app password.",
        host: Host::Is(r#""smtp.gmail.com:587""#),
        settings: &[
            (DIRECT_FIRST, "false"),
            (TLS, r#""required""#),
            (PER_DOMAIN, "5"),
            (PER_MINUTE, "0"),
            (PER_CONNECTION, "20"),
            (METHOD, r#""basic""#),
        ],
        needs: &[
            Need { key: USERNAME, what: "The address of the account." },
            Need { key: PASSWORD, what: "An app password: 16 letters; the account's own password is refused." },
        ],
        steps: &[
            "The Google account: turn on 2-Step Verification.",
            "myaccount.google.com/apppasswords: make an app password for this server.",
        ],
        notes: &[
            "An account may send to some hundred recipients a day; of a Workspace, to some thousand.",
            "The sender becomes the account's own address, or one of its aliases.",
            "In a Workspace, a service account with domain-wide delegation needs no password: set method to \"xoauth2\" \
             and oauth.grant to \"service_account\".",
            "Connections: a number of ours, since none is published.",
        ],
    },
    Preset {
        name: "workspace-relay",
        title: "Google Workspace, SMTP relay service",
        about: "Without a login; known by the address this site has in the Internet.",
        host: Host::Is(r#""smtp-relay.gmail.com:587""#),
        settings: &[
            (DIRECT_FIRST, "false"),
            (TLS, r#""required""#),
            (PER_DOMAIN, "10"),
            (PER_MINUTE, "0"),
            (PER_CONNECTION, "20"),
            (METHOD, r#""anonymous""#),
        ],
        needs: &[],
        steps: &[
            "Google Admin console, Apps, Google Workspace, Gmail, Routing, SMTP relay service: add a setting.",
            "Only accept mail from the specified IP addresses: the one under which the site reaches the Internet.",
            "Require TLS encryption: on. Require SMTP Authentication: off.",
        ],
        notes: &[
            "general.hostname has to be a name in a domain of the Workspace, and not localhost.",
            "Connections: a number of ours, since none is published.",
        ],
    },
    Preset {
        name: "azure-communication-services",
        title: "Azure Communication Services",
        about: "Through an Email Communication Service, with the login of an application.",
        host: Host::Is(r#""smtp.azurecomm.net:587""#),
        settings: &[
            (DIRECT_FIRST, "false"),
            (TLS, r#""required""#),
            (PER_DOMAIN, "5"),
            (PER_MINUTE, "30"),
            (PER_CONNECTION, "20"),
            (METHOD, r#""basic""#),
        ],
        needs: &[
            Need { key: USERNAME, what: "The SMTP username that was made for the application." },
            Need { key: PASSWORD, what: "The value of a client secret of the application." },
        ],
        steps: &[
            "Entra admin center, App registrations: register an application, and make a client secret for it.",
            "The Communication Services resource, Access control: give the application the role Communication and Email \
             Service Owner.",
            "The same resource, SMTP Usernames: add one for the application.",
            "Connect a verified domain, and send from its addresses only.",
        ],
        notes: &["30 messages a minute is what a domain of one's own may send at first; Azure raises it on request."],
    },
    Preset {
        name: "plain",
        title: "Any other smart host",
        about: "Without a login, with TLS where the host offers it.",
        host: Host::Any,
        settings: &[
            (DIRECT_FIRST, "false"),
            (TLS, r#""opportunistic""#),
            (PER_DOMAIN, "100"),
            (PER_MINUTE, "0"),
            (PER_CONNECTION, "20"),
            (METHOD, r#""anonymous""#),
        ],
        needs: &[Need { key: SMART_HOST, what: "Its name, or its address in brackets, perhaps with a port." }],
        steps: &["It must take mail from this server: by its address, or with a login, which is set as method."],
        notes: &["The limits are those of the old server."],
    },
];
