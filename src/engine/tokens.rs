//! The access tokens that the settings call for: kept fresh, so that what is wrong is told before mail needs them.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use super::handle::Shared;
use super::problems::Source as Trouble;
use super::snapshot::TokenRow;
use crate::config::{Grant, OutboundSecurity, Settings};
use crate::oauth::{Source, Tokens, needs};
use crate::text::printable;

/// How often tokens are looked at. An endpoint is asked only when one ends, and left alone for a while when it fails.
const LOOK: Duration = Duration::from_secs(5);

/// How it stands with the tokens that the settings need.
pub(super) fn health(tokens: &Tokens, settings: &Settings) -> Vec<TokenRow> {
    let row = |(domain, security): (Option<String>, &OutboundSecurity)| TokenRow {
        domain,
        mailbox: security.username.clone(),
        by_code: security.oauth.grant == Grant::DeviceCode,
        health: tokens.health(&security.oauth, &security.username),
    };
    needs(settings).map(row).collect()
}

/// Looks at the tokens again and again, until aborted.
pub(super) async fn follow(shared: Arc<Shared>) {
    let mut ticks = tokio::time::interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        let settings = shared.settings.load_full();
        let sources: Vec<_> =
            needs(&settings).map(|(_, security)| Source::new(&security.oauth, &security.username)).collect();
        shared.tokens.keep_only(&sources);
        freshen(&shared.tokens, &settings).await;
        tell(&shared, &settings);
    }
}

/// Asks for what is missing, of all sources at the same time.
async fn freshen(tokens: &Tokens, settings: &Settings) {
    let mut asking = JoinSet::new();
    for (_, security) in needs(settings) {
        let (tokens, oauth, mailbox) = (tokens.clone(), security.oauth.clone(), security.username.clone());
        // What comes of it is told by the health of the source.
        asking.spawn(async move { drop(tokens.access_token(&oauth, &mailbox).await) });
    }
    while asking.join_next().await.is_some() {}
}

fn tell(shared: &Shared, settings: &Settings) {
    let troubles: Vec<_> = health(&shared.tokens, settings).into_iter().filter_map(|row| trouble(&row)).collect();
    if troubles.is_empty() {
        shared.problems.clear(Trouble::Tokens);
    } else {
        shared.problems.raise(Trouble::Tokens, troubles.join("; "));
    }
}

fn trouble(row: &TokenRow) -> Option<String> {
    let error = row.health.error.as_ref()?;
    let mail = row.domain.as_ref().map_or_else(|| "mail".to_owned(), |domain| format!("mail for {domain}"));
    let state = if row.health.valid_until.is_some() { "cannot be renewed" } else { "is missing" };
    Some(format!("the access token of {} for {mail} {state}: {error}", printable(&row.mailbox)))
}
