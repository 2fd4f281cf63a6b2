//! `check smart-host`: the explained trial of where mail goes, made by the running engine with its settings.

use std::path::Path;

use anyhow::bail;

use super::{output, remote};
use crate::engine::Command;
use crate::engine::view::SmartHostCheck;
use crate::remote::views;

/// Has it checked, and prints the steps; an error if no mail could be sent.
pub(super) fn smart_host(
    file: Option<&Path>,
    domain: Option<String>,
    dialogue: bool,
    json: bool,
) -> anyhow::Result<()> {
    remote::block_on(async {
        let mut client = remote::connect(file).await?;
        let check: SmartHostCheck = remote::view(&mut client, &Command::CheckSmartHost { domain }).await?;
        if json {
            output::write_json(&check)?;
        } else {
            output::write(&views::smart_host_check(&check, dialogue))?;
        }
        if !check.can_send {
            bail!("no mail could be sent there");
        }
        Ok(())
    })
}
