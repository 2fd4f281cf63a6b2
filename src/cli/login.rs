//! `config login`: a login with a code that a person types in elsewhere, for the tokens that mail needs.

use std::path::Path;
use std::sync::Arc;

use anyhow::{anyhow, bail};

use super::{output, remote};
use crate::clock::Clock;
use crate::config;
use crate::oauth::{self, DeviceLoginEvent, Tokens};

/// Logs in, and keeps the refresh token where the engine finds it.
pub(super) fn log_in(file: Option<&Path>, domain: Option<&str>) -> anyhow::Result<()> {
    let loaded = config::locate(file)?;
    let security = oauth::by_code(&loaded.settings, domain).map_err(|reason| anyhow!(reason))?;
    let secrets = config::secrets_folder(&config::place(loaded.path.as_deref()));
    let clock = Arc::new(Clock::system());
    let tokens = Tokens::new(Arc::clone(&clock), secrets);
    remote::block_on(async {
        let mut login = tokens.log_in(&security.oauth, &security.username);
        while let Some(event) = login.next().await {
            match event {
                DeviceLoginEvent::Code { code, address, expires_at } => {
                    let minutes = expires_at.since(clock.now()).as_secs().div_ceil(60);
                    output::write(&format!(
                        "Open    {address}\nType in {code}\n\nand log in as {}, within {minutes} minutes. Waiting ...\n",
                        crate::text::printable(&security.username)
                    ))?;
                }
                DeviceLoginEvent::Waiting => {}
                DeviceLoginEvent::Done { message } => output::write(&format!("{message}\n"))?,
                DeviceLoginEvent::Failed { reason } => bail!(reason),
            }
        }
        Ok(())
    })
}
