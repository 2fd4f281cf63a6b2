//! What is to be known of the selected setting.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line as Text;

use crate::config::Apply;
use crate::dashboard::Shared;
use crate::dashboard::panes::settings::Settings;
use crate::dashboard::panes::settings::sheet::{Line, Setting};
use crate::dashboard::panes::settings::value::{shown, side};
use crate::dashboard::widgets::{width, wrapped};
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
        Some(Line::Setting(setting)) => of_setting(setting, columns, shared, &mut say),
        Some(Line::NewDomain) => {
            say(
                "A domain that is relayed to whatever the relay list says, or has a smart host of its own.",
                theme.text,
            );
            say("Its name, or *.example.com for all below one. An exact name wins.", theme.dim);
        }
        Some(Line::Heading(_)) | None => {}
    }
    for (line, row) in lines.into_iter().zip(body.rows()) {
        frame.render_widget(line, row);
    }
}

fn of_setting(setting: &Setting, columns: usize, shared: &Shared, say: &mut impl FnMut(&str, Style)) {
    let theme = &shared.theme;
    if let Some(old) = &setting.change {
        let old = side(setting.kind, old.as_deref());
        say(
            &format!("Changed, not applied yet. In the file: {old}. x takes it back, w reviews and applies.",),
            theme.warning,
        );
    }
    if setting.is_later {
        say("Not in this version: it cannot be changed yet.", theme.dim);
    }
    // Where the label was cut, it is said in full.
    if width(setting.label) > columns * 2 / 5 {
        say(&format!("{}. {}", setting.label, setting.help), theme.text);
    } else {
        say(setting.help, theme.text);
    }
    let default = match setting.default {
        "" => "has to be given".to_owned(),
        default => format!("default {}", shown(setting.kind, default)),
    };
    let effect = match setting.apply {
        Apply::Restart => "takes effect with the next start of the server".to_owned(),
        apply => format!("takes effect {apply}"),
    };
    say(&format!("{}, {default}, {effect}", printable(&setting.key)), theme.dim);
    let value = shown(setting.kind, &setting.value);
    if width(&value) > columns / 3 {
        say(&value, theme.text);
    }
}
