//! What the old property sheet had no tab for: logs, the control socket, SSH, metrics.

use std::path::PathBuf;
use std::time::Duration;

use super::{Apply, Field, Kind, Section, Slot};
use crate::config::Level;

pub(super) static LOG: Section = Section {
    path: "log",
    title: "Logging",
    about: "the delivery log and the application log, a file of each per day.",
    inline: false,
    fields: &[
        Field {
            key: "log.directory",
            label: "Log file directory",
            help: "Old server: %windir%\\System32\\LogFiles\\SMTPSVC1.",
            default: r#""mailroot/Log""#,
            apply: Apply::Restart,
            slot: live!(log.directory: PathBuf),
        },
        Field {
            key: "log.level",
            label: "Level",
            help: "Of the application log: \"error\", \"warn\", \"info\", \"debug\" or \"trace\".",
            default: r#""info""#,
            apply: Apply::Now,
            slot: live!(log.level: Level),
        },
        Field {
            key: "log.w3c",
            label: "W3C Extended Log File Format",
            help: "Also log the commands as the old server did.",
            default: "false",
            apply: Apply::Now,
            slot: Slot::later(Kind::Switch),
        },
        Field {
            key: "log.keep",
            label: "Keep log files for",
            help: "0 is for ever. Old server: for ever.",
            default: r#""30d""#,
            apply: Apply::Now,
            slot: live!(log.keep: Option<Duration>),
        },
    ],
};

pub(super) static CONTROL: Section = Section {
    path: "control",
    title: "Control",
    about: "how the commands reach a running server.",
    inline: false,
    fields: &[Field {
        key: "control.socket",
        label: "Control socket",
        help: "Who can open it may do everything; on Windows a named pipe is called after it.",
        default: r#""mailroot/.state/control""#,
        apply: Apply::Restart,
        slot: live!(control.socket: PathBuf),
    }],
};

pub(super) static SSH: Section = Section {
    path: "ssh",
    title: "SSH",
    about: "the dashboard over SSH.",
    inline: false,
    fields: &[
        Field {
            key: "ssh.listen",
            label: "IP address and TCP port",
            help: "As \"127.0.0.1:2222\"; \"\" is off.",
            default: r#""""#,
            apply: Apply::Rebind,
            slot: Slot::later(Kind::Text),
        },
        Field {
            key: "ssh.authorized_keys",
            label: "Authorized keys",
            help: "The file of the keys that may enter, each with its role.",
            default: r#""config/authorized_keys""#,
            apply: Apply::NextSession,
            slot: Slot::later(Kind::Text),
        },
        Field {
            key: "ssh.host_key",
            label: "Host key",
            help: "The file of this server's own key.",
            default: r#""config/ssh_host_ed25519_key""#,
            apply: Apply::Rebind,
            slot: Slot::later(Kind::Text),
        },
    ],
};

pub(super) static METRICS: Section = Section {
    path: "metrics",
    title: "Metrics",
    about: "counters for Prometheus.",
    inline: false,
    fields: &[Field {
        key: "metrics.listen",
        label: "IP address and TCP port",
        help: "As \"127.0.0.1:9155\"; \"\" is off.",
        default: r#""""#,
        apply: Apply::Rebind,
        slot: Slot::later(Kind::Text),
    }],
};
