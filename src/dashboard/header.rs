//! The header: how the relay is, at one glance.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::Shared;
use super::widgets::{age, count, cut, size, width};
use crate::engine::{EngineState, TokenRow};
use crate::ledger::Sample;
use crate::text::printable;

/// Below this part of the disk free space is said in the colour of warnings.
const LITTLE: u64 = 10;

/// What to do first, the longer the better.
const BARE: [&str; 3] = [
    "No smart host is set, so mail goes straight to the recipients' MX hosts. Press S to set one, T to send a test.",
    "No smart host is set: mail goes to MX hosts. S sets one, T sends a test.",
    "No smart host: S sets one, T tests.",
];

/// Draws the header.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, shared: &Shared) {
    let mut rows = area.rows();
    let Some(first) = rows.next() else { return };
    let notice = notice(shared);
    let is_low = area.height <= 1 + u16::from(notice.is_some());
    draw_spread(frame, first, state(shared), if is_low { brief(shared) } else { place(shared) });
    if !is_low && let Some(row) = rows.next() {
        draw_spread(frame, row, traffic(shared), stock(shared));
    }
    if let (Some((style, text)), Some(row)) = (notice, rows.next()) {
        let text = cut(&text, usize::from(row.width), shared.glyphs.ellipsis());
        frame.render_widget(Line::styled(text, style), row);
    }
}

/// What a person should do something about, or know when nothing is set up yet.
pub(super) fn notice(shared: &Shared) -> Option<(Style, String)> {
    let (snapshot, theme) = (&shared.snapshot, &shared.theme);
    if let Some(problem) = snapshot.problems.first() {
        return Some((theme.bad, trouble(problem, shared)));
    }
    if let Some(warning) = snapshot.warnings.first() {
        return Some((theme.warning, trouble(warning, shared)));
    }
    let settings = &snapshot.settings;
    let is_bare = settings.delivery.advanced.smart_host.is_none() && settings.domains.is_empty();
    let text = BARE.iter().find(|text| text.len() <= usize::from(shared.size.width)).or(BARE.last());
    text.filter(|_| is_bare).map(|text| (theme.warning, (*text).to_owned()))
}

/// The first of the troubles, cut to leave room for how many there are and the key that shows them in full.
fn trouble(first: &str, shared: &Shared) -> String {
    let count = shared.snapshot.problems.len() + shared.snapshot.warnings.len();
    let room = usize::from(shared.size.width);
    let text = format!("! {}", printable(first));
    if count == 1 && width(&text) <= room {
        return text;
    }
    let more = if count == 1 { "  (! shows it all)".to_owned() } else { format!("  (! shows all {count})") };
    cut(&text, room.saturating_sub(more.len()), shared.glyphs.ellipsis()) + &more
}

/// Spans on the left, and others on the right as far as there is room.
fn draw_spread(frame: &mut Frame<'_>, row: Rect, left: Vec<Span<'_>>, right: Vec<Span<'_>>) {
    let left = Line::from(left);
    let room = usize::from(row.width).saturating_sub(left.width() + 2);
    let mut right = right;
    while right.iter().map(|span| width(&span.content)).sum::<usize>() > room && !right.is_empty() {
        right.remove(0);
    }
    frame.render_widget(left, row);
    frame.render_widget(Line::from(right).right_aligned(), row);
}

fn state(shared: &Shared) -> Vec<Span<'_>> {
    let (snapshot, theme) = (&shared.snapshot, &shared.theme);
    let dot = shared.glyphs.pick("● ", "* ");
    let (style, word) = match snapshot.state {
        EngineState::Running if snapshot.problems.is_empty() => (theme.good, "running"),
        EngineState::Running => (theme.bad, "running, with a problem"),
        EngineState::Paused => (theme.warning, "PAUSED"),
        EngineState::Draining => (theme.warning, "STOPPING"),
    };
    let mut spans = vec![Span::styled(" mailroot ", theme.title), Span::styled(format!("{dot}{word}"), style)];
    if shared.is_frozen {
        spans.push(Span::styled("  PICTURE FROZEN", theme.warning));
    }
    spans
}

fn place(shared: &Shared) -> Vec<Span<'_>> {
    let snapshot = &shared.snapshot;
    let tls = snapshot.tls_listeners.iter().map(|address| format!("{address} TLS"));
    let listeners: Vec<_> = snapshot.listeners.iter().map(ToString::to_string).chain(tls).collect();
    vec![
        Span::styled(format!("up {}  ", age(snapshot.time.since(snapshot.since))), shared.theme.dim),
        Span::styled(format!("{}  ", snapshot.settings.general.hostname), shared.theme.dim),
        Span::styled(format!("{} ", listeners.join(" ")), shared.theme.text),
    ]
}

/// What remains of the header where there is a single line for it.
fn brief(shared: &Shared) -> Vec<Span<'_>> {
    let (inward, outward) = rates(shared);
    vec![
        Span::styled(format!("in {inward}/s out {outward}/s  "), shared.theme.dim),
        Span::styled(format!("queue {} ", count(waiting(shared))), shared.theme.text),
    ]
}

fn traffic(shared: &Shared) -> Vec<Span<'_>> {
    let theme = &shared.theme;
    let (inward, outward) = rates(shared);
    let chart = |of: fn(&Sample) -> u64| Span::styled(sparkline(shared, of, 12), theme.chart);
    vec![
        Span::styled(format!(" in {inward:>3}/s "), theme.text),
        chart(|sample| sample.accepted),
        Span::styled(format!("  out {outward:>3}/s "), theme.text),
        chart(|sample| sample.delivered),
    ]
}

fn stock(shared: &Shared) -> Vec<Span<'_>> {
    let (snapshot, theme) = (&shared.snapshot, &shared.theme);
    // What comes first goes first where there is little room: what is in order, then what is not.
    let mut spans: Vec<_> = [certificate(shared), tokens(shared)].into_iter().flatten().collect();
    spans.sort_by_key(|span| span.style != theme.dim);
    if snapshot.badmail > 0 {
        spans.push(Span::styled(format!("badmail {}  ", count(snapshot.badmail)), theme.warning));
    }
    if let Some(disk) = snapshot.disk {
        let style = if disk.free < disk.total / LITTLE { theme.bad } else { theme.dim };
        spans.push(Span::styled(format!("disk {} free  ", size(disk.free)), style));
    }
    if snapshot.queue.counts.held > 0 {
        spans.push(Span::styled(format!("held {}  ", count(snapshot.queue.counts.held)), theme.warning));
    }
    if let Some(oldest) = snapshot.queue.oldest {
        spans.push(Span::styled(format!("oldest {}  ", age(snapshot.time.since(oldest))), theme.text));
    }
    spans.push(Span::styled(format!("queue {} ", count(waiting(shared))), theme.title));
    spans
}

/// For how long the certificate is good.
fn certificate(shared: &Shared) -> Option<Span<'_>> {
    let (certificate, theme) = (shared.snapshot.certificate.as_ref()?, &shared.theme);
    let left = certificate.expires.map(|end| end.since(shared.snapshot.time));
    Some(match left {
        None => Span::styled("cert UNUSABLE  ", theme.bad),
        Some(left) if left.is_zero() => Span::styled("cert EXPIRED  ", theme.bad),
        Some(left) => {
            let style = if certificate.problem.is_some() { theme.warning } else { theme.dim };
            Span::styled(format!("cert {}  ", age(left)), style)
        }
    })
}

/// For how long the access tokens are good; of several the one that ends first, or is not there.
fn tokens(shared: &Shared) -> Option<Span<'_>> {
    let (snapshot, theme) = (&shared.snapshot, &shared.theme);
    let left = |token: &TokenRow| token.health.valid_until.map(|end| end.since(snapshot.time));
    let first = snapshot.tokens.iter().min_by_key(|token| left(token))?;
    let troubled = snapshot.tokens.iter().any(|token| token.health.error.is_some());
    Some(match left(first).filter(|left| !left.is_zero()) {
        _ if snapshot.tokens.iter().any(|token| token.health.needs_login) => {
            Span::styled("token: L logs in  ", theme.bad)
        }
        None if troubled => Span::styled("token MISSING  ", theme.bad),
        None => Span::styled("token awaited  ", theme.dim),
        Some(left) => Span::styled(format!("token {}  ", age(left)), if troubled { theme.warning } else { theme.dim }),
    })
}

fn waiting(shared: &Shared) -> usize {
    let counts = shared.snapshot.queue.counts;
    counts.queued + counts.active + counts.held
}

/// Messages taken and recipients delivered a second, over the last seconds.
fn rates(shared: &Shared) -> (u64, u64) {
    let seconds = &shared.snapshot.history.seconds;
    let last = &seconds[seconds.len().saturating_sub(5)..];
    let mean = |of: fn(&Sample) -> u64| {
        let sum: u64 = last.iter().map(of).sum();
        sum.div_ceil(u64::try_from(last.len().max(1)).unwrap_or(1))
    };
    (mean(|sample| sample.accepted), mean(|sample| sample.delivered))
}

/// The last seconds as bars, the newest on the right.
fn sparkline(shared: &Shared, of: fn(&Sample) -> u64, columns: usize) -> String {
    let seconds = &shared.snapshot.history.seconds;
    let values: Vec<_> = seconds[seconds.len().saturating_sub(columns)..].iter().map(of).collect();
    let bars = shared.glyphs.bars();
    let top = values.iter().copied().max().unwrap_or(0).max(1);
    let steps = u64::try_from(bars.len() - 1).unwrap_or(1);
    let bar = |value: u64| bars[usize::try_from((value * steps).div_ceil(top)).unwrap_or(0).min(bars.len() - 1)];
    let empty = " ".repeat(columns - values.len());
    values.into_iter().map(bar).fold(empty, |line, bar| line + bar)
}
