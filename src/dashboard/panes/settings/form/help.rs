//! What is to be known of the selected setting.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line as Text;

use crate::dashboard::Shared;
use crate::dashboard::panes::settings::Settings;
use crate::dashboard::panes::settings::sheet::{Line, Setting};
use crate::dashboard::panes::settings::value::{shown, side, when};
use crate::dashboard::widgets::{cut, width, wrapped};
use crate::text::printable;

/// Draws the help: what matters most first, as far as there is room.
pub(super) fn draw(pane: &Settings, frame: &mut Frame<'_>, area: Rect, shared: &Shared) {
    let theme = &shared.theme;
    let has_rule = area.height > 3;
    if has_rule {
        let rule = shared.glyphs.pick("─", "-").repeat(usize::from(area.width));
        frame.buffer_mut().set_stringn(area.x, area.y, rule, usize::from(area.width), theme.frame);
    }
    let skip = u16::from(has_rule);
    let body = Rect { y: area.y + skip, height: area.height.saturating_sub(skip), ..area };
    let columns = usize::from(area.width);
    let mut lines = Vec::new();
    let mut say = |text: &str, style: Style| {
        lines.extend(wrapped(text, columns).into_iter().map(|row| Text::styled(row, style)));
    };
    if let Some(trouble) = pane.trouble() {
        say(&printable(trouble), theme.warning);
    }
    match pane.line() {
        Some(Line::Setting(setting)) => of_setting(setting, body, shared, &mut say),
        Some(Line::NewDomain) => {
            say(
                "A domain that is relayed to whatever the relay list says, or has a smart host of its own.",
                theme.text,
            );
            say("Its name, or *.example.com for all below one. An exact name wins.", theme.dim);
        }
        Some(Line::Users) => {
            say("Who may log in, with which password, and what from. Changes are in force at once.", theme.text);
            say("As the command `mailroot user` does it. Enter shows them.", theme.dim);
        }
        Some(Line::Heading(_)) | None => {}
    }
    for (line, row) in lines.into_iter().zip(body.rows()) {
        frame.render_widget(line, row);
    }
}

/// Where there is little room, when a change takes effect stands beside the name.
fn of_setting(setting: &Setting, area: Rect, shared: &Shared, say: &mut impl FnMut(&str, Style)) {
    let theme = &shared.theme;
    let columns = usize::from(area.width);
    let is_small = area.height < 4;
    if let Some(old) = &setting.change {
        let old = side(setting.kind, old.0.as_deref());
        let told = if is_small {
            cut(&format!("Was {old}"), columns, shared.glyphs.ellipsis())
        } else {
            let told = format!("Not applied yet; x takes it back. In the file: {old}");
            cut(&told, columns * 2 - 10, shared.glyphs.ellipsis())
        };
        say(&told, theme.warning);
    }
    let state = if setting.is_later { "not in this version" } else { when(setting.apply) };
    if is_small {
        say(&format!("{}: {state}", setting.label), theme.dim);
        return say(setting.help, theme.text);
    }
    if let Some((style, told)) = health(setting, shared) {
        say(&printable(&told), style);
    }
    // Where the label was cut, it is said in full.
    if width(setting.label) > columns * 2 / 5 {
        say(&format!("{}. {}", setting.label, setting.help), theme.text);
    } else {
        say(setting.help, theme.text);
    }
    let default = match setting.default {
        "" => "no default".to_owned(),
        default => format!("default {}", shown(setting.kind, default)),
    };
    let effect = match state {
        "not in this version" => state.to_owned(),
        when => format!("a change takes effect: {when}"),
    };
    say(&format!("{}; {default}; {effect}", printable(&setting.key)), theme.dim);
    let value = shown(setting.kind, &setting.value);
    if width(&value) > columns / 3 {
        say(&value, theme.text);
    }
}

/// How it stands with the certificate, or with the access token of a login, where the setting is about that.
fn health(setting: &Setting, shared: &Shared) -> Option<(Style, String)> {
    let (snapshot, theme) = (&shared.snapshot, &shared.theme);
    if ["access.certificate", "access.private_key"].contains(&setting.key.as_str()) {
        let certificate = snapshot.certificate.as_ref()?;
        if let Some(problem) = &certificate.problem {
            return Some((theme.warning, format!("In use: {problem}")));
        }
        let end = certificate.expires?;
        let own = if certificate.is_self_signed { ", self-signed" } else { "" };
        let told = format!("In use: for {}{own}, until {}", certificate.names.join(", "), end.date());
        return Some((theme.good, told));
    }
    let method = setting.key.strip_suffix("security.method")?;
    let named = |domain: &str| format!("{domain}.") == method;
    let token = snapshot.tokens.iter().find(|token| match &token.domain {
        None => method == "delivery.outbound_",
        Some(domain) => {
            let number = snapshot.settings.domains.iter().position(|other| other.name.to_string() == *domain);
            number.is_some_and(|number| named(&format!("domain[{}]", number + 1)))
        }
    })?;
    match (&token.health.error, token.health.valid_until) {
        (Some(error), _) => Some((theme.bad, format!("Access token: {error}"))),
        (None, Some(end)) => Some((theme.good, format!("Access token: there, until {end}"))),
        (None, None) if token.health.needs_login => Some((theme.bad, "Access token: L logs in".to_owned())),
        (None, None) => None,
    }
}
