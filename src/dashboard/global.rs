//! Actions that count in every pane.

use std::sync::Arc;

use super::action::Action;
use super::input::{Key, KeyCode};
use super::message::{Effect, Request};
use super::model::Model;
use super::overlays::check::Check;
use super::overlays::confirm::Confirm;
use super::overlays::help::Help;
use super::overlays::login::Login;
use super::overlays::messages::Messages;
use super::overlays::notice::Notice;
use super::overlays::palette::Palette;
use super::overlays::trial::Trial;
use super::pane::{Motion, PaneId};
use super::theme::Theme;
use super::toasts::Weight;
use super::viewer::Mode;
use super::{action, widgets};
use crate::engine::{Command, EngineState, Role};

pub(super) const ACTIONS: &[Action] = &[
    Action::new("help", &[Key::char('?'), Key::plain(KeyCode::F(1))], "help", "Show what every key does", help)
        .hinted(40),
    Action::new("palette", &[Key::char(':'), Key::ctrl('p')], "actions", "Choose an action by name", palette)
        .hinted(35),
    Action::new("pane.sessions", &[Key::char('1')], "sessions", "Go to Sessions", |model| {
        model.focus(PaneId::Sessions)
    }),
    Action::new("pane.queue", &[Key::char('2')], "queue", "Go to Queue", |model| model.focus(PaneId::Queue)),
    Action::new("pane.log", &[Key::char('3')], "log", "Go to Log", |model| model.focus(PaneId::Log)),
    Action::new("pane.settings", &[Key::char('4')], "settings", "Go to Settings", |model| {
        model.focus(PaneId::Settings)
    })
    .hinted(15)
    .when(elsewhere),
    Action::new("pane.next", &[Key::plain(KeyCode::Tab)], "next pane", "Go to the next pane", |model| turn(model, 1))
        .hinted(30),
    Action::new("pane.previous", &[Key::plain(KeyCode::BackTab)], "previous pane", "Go to the pane before", |model| {
        turn(model, 3)
    }),
    Action::new("zoom", &[Key::char('+')], "zoom", "Let this pane fill the screen, or no longer", zoom).hinted(10),
    Action::new("go.up", &[Key::plain(KeyCode::Up), Key::char('k')], "up", "One row up", |model| go(model, Motion::Up)),
    Action::new("go.down", &[Key::plain(KeyCode::Down), Key::char('j')], "down", "One row down", |model| {
        go(model, Motion::Down)
    }),
    Action::new("go.page-up", &[Key::plain(KeyCode::PageUp)], "page up", "One page up", |model| {
        go(model, Motion::PageUp)
    }),
    Action::new("go.page-down", &[Key::plain(KeyCode::PageDown)], "page down", "One page down", |model| {
        go(model, Motion::PageDown)
    }),
    Action::new("go.half-up", &[Key::ctrl('u')], "half page up", "Half a page up", |model| go(model, Motion::HalfUp)),
    Action::new("go.half-down", &[Key::ctrl('d')], "half page down", "Half a page down", |model| {
        go(model, Motion::HalfDown)
    }),
    Action::new("go.first", &[Key::plain(KeyCode::Home), Key::char('g')], "first", "To the first row", |model| {
        go(model, Motion::First)
    }),
    Action::new("go.last", &[Key::plain(KeyCode::End), Key::char('G')], "last", "To the last row", |model| {
        go(model, Motion::Last)
    }),
    Action::new("go.left", &[Key::plain(KeyCode::Left), Key::char('h')], "left", "To the left", |model| {
        go(model, Motion::Left)
    }),
    Action::new("go.right", &[Key::plain(KeyCode::Right), Key::char('l')], "right", "To the right", |model| {
        go(model, Motion::Right)
    }),
    Action::new(
        "freeze",
        &[Key::char('p')],
        "freeze",
        "Freeze the picture, not the relay; the same key goes on",
        freeze,
    )
    .hinted(5),
    Action::new(
        "server.pause",
        &[Key::char('P')],
        "pause server",
        "Take no new connections, or take them again",
        pause,
    )
    .needs(Role::Operator),
    Action::new("undo", &[Key::char('z')], "undo", "Bring back what was deleted a moment ago", |model| {
        let now = model.shared.now();
        model.shared.undo.take_back(now)
    })
    .hinted(90)
    .needs(Role::Admin)
    .when(any_removal),
    Action::new("test-message", &[Key::char('T')], "test message", "Send a test message and read the dialogue", trial)
        .needs(Role::Operator),
    Action::new(
        "check-smart-host",
        &[Key::char('C')],
        "check smart host",
        "Check the smart host: connect, TLS, login, each step explained; no mail is sent",
        check_smart_host,
    )
    .needs(Role::Operator),
    Action::new(
        "log-in",
        &[Key::char('L')],
        "log in",
        "Log in to the smart host's provider with a code that is typed in elsewhere",
        log_in,
    )
    .hinted(84)
    .needs(Role::Admin)
    .when(any_login),
    Action::new("smart-host", &[Key::char('S')], "smart host", "Set the smart host that mail goes to", smart_host)
        .needs(Role::Admin),
    Action::new("theme", &[Key::char('t')], "theme", "The next theme: terminal, dark, light, mono", theme),
    Action::new("mouse", &[Key::char('m')], "mouse", "Use the mouse here, or leave it to the terminal", mouse),
    Action::new("messages", &[Key::char('M')], "messages", "All messages that came and went", messages),
    Action::new("problems", &[Key::char('!')], "problems", "What needs a person, in full", problems)
        .hinted(85)
        .when(any_problem),
    Action::new("repaint", &[Key::ctrl('l')], "repaint", "Draw everything anew", |_| vec![Effect::Repaint]),
    Action::new(
        "suspend",
        &[Key::ctrl('z')],
        "suspend",
        "Leave the terminal for a moment; not where the relay runs in it",
        suspend,
    ),
    Action::new("dismiss", &[Key::plain(KeyCode::Esc)], "dismiss", "Take the message away", dismiss),
    Action::new("quit", &[Key::char('q'), Key::ctrl('c')], "quit", "Leave", quit).hinted(20),
];

fn help(model: &mut Model) -> Vec<Effect> {
    model.open(Help::new(model.focus));
    Vec::new()
}

fn palette(model: &mut Model) -> Vec<Effect> {
    let actions: Vec<_> = action::in_reach(model.focus).map(|action| (action, action.refusal(model))).collect();
    model.open(Palette::new(actions.into_iter()));
    Vec::new()
}

fn elsewhere(model: &Model) -> Result<(), String> {
    if model.focus == PaneId::Settings { Err("the settings have the keys already".to_owned()) } else { Ok(()) }
}

fn turn(model: &mut Model, by: usize) -> Vec<Effect> {
    model.focus(PaneId::ALL[(model.focus.place() + by) % PaneId::ALL.len()])
}

fn zoom(model: &mut Model) -> Vec<Effect> {
    model.is_zoomed = !model.is_zoomed;
    model.refresh()
}

fn go(model: &mut Model, motion: Motion) -> Vec<Effect> {
    let (pane, shared) = model.focused();
    pane.go(motion, shared)
}

fn freeze(model: &mut Model) -> Vec<Effect> {
    model.shared.is_frozen = !model.shared.is_frozen;
    if let Some(snapshot) = model.newest.take() {
        model.shared.snapshot = snapshot;
    }
    model.refresh()
}

fn pause(model: &mut Model) -> Vec<Effect> {
    if model.shared.snapshot.state == EngineState::Paused {
        return vec![Effect::Execute(Request::Act, Command::Resume { domain: None })];
    }
    let lines = vec![
        "New connections will be refused with 421 until it is resumed.".to_owned(),
        "What is queued is still delivered.".to_owned(),
    ];
    let effects = vec![Effect::Execute(Request::Act, Command::Pause { domain: None })];
    model.open(Confirm::new("Pause the server?", lines, "Pause", effects));
    Vec::new()
}

fn trial(model: &mut Model) -> Vec<Effect> {
    model.open(Trial::new(&model.shared));
    Vec::new()
}

/// Of the remote domain that is selected in the settings, or else of the general one.
fn check_smart_host(model: &mut Model) -> Vec<Effect> {
    let domain = (model.focus == PaneId::Settings).then(|| model.panes.settings.selected_domain()).flatten();
    let pending = model.panes.settings.pending();
    let (check, effects) = Check::new(domain, pending, &mut model.shared);
    model.open(check);
    effects
}

fn any_login(model: &Model) -> Result<(), String> {
    let any = model.shared.snapshot.tokens.iter().any(|token| token.by_code);
    if any { Ok(()) } else { Err("no smart host in force is logged in to by oauth.grant \"device_code\"".to_owned()) }
}

/// Where it is needed, or else where it is possible.
fn log_in(model: &mut Model) -> Vec<Effect> {
    let tokens = Arc::clone(&model.shared.snapshot.tokens);
    let mut by_code = tokens.iter().filter(|token| token.by_code);
    let needed = by_code.clone().find(|token| token.health.needs_login);
    let Some(token) = needed.or_else(|| by_code.next()) else { return Vec::new() };
    let (login, effects) = Login::new(token.domain.clone(), token.mailbox.clone(), &mut model.shared);
    model.open(login);
    effects
}

fn smart_host(model: &mut Model) -> Vec<Effect> {
    model.panes.settings.show_field("delivery.advanced.smart_host");
    model.focus(PaneId::Settings)
}

fn theme(model: &mut Model) -> Vec<Effect> {
    let name = model.shared.theme.name.next();
    model.shared.theme = Theme::new(name, model.shared.viewer.colors);
    model.say(Weight::Info, format!("theme: {}", name.as_str()));
    Vec::new()
}

fn mouse(model: &mut Model) -> Vec<Effect> {
    model.shared.mouse = !model.shared.mouse;
    let text = if model.shared.mouse { "the mouse works here" } else { "the mouse is the terminal's: select and copy" };
    model.say(Weight::Info, text);
    vec![Effect::Mouse(model.shared.mouse)]
}

fn messages(model: &mut Model) -> Vec<Effect> {
    model.open(Messages::default());
    Vec::new()
}

fn any_problem(model: &Model) -> Result<(), String> {
    let snapshot = &model.shared.snapshot;
    if snapshot.problems.is_empty() && snapshot.warnings.is_empty() { Err("all is well".to_owned()) } else { Ok(()) }
}

fn any_removal(model: &Model) -> Result<(), String> {
    let is_ready = model.shared.undo.is_ready(model.shared.now());
    if is_ready { Ok(()) } else { Err("nothing was deleted in the last ten seconds".to_owned()) }
}

fn problems(model: &mut Model) -> Vec<Effect> {
    let snapshot = &model.shared.snapshot;
    let lines = snapshot.problems.iter().chain(snapshot.warnings.iter());
    let lines = lines.map(|line| format!("- {}", crate::text::printable(line))).collect();
    model.open(Notice::new("What needs a person", lines));
    Vec::new()
}

fn suspend(model: &mut Model) -> Vec<Effect> {
    let text = match model.shared.viewer.mode {
        Mode::Run | Mode::Demo => {
            "the relay runs in this terminal and would stop too; use `mailroot serve` and `mailroot attach`"
        }
        Mode::Attached => "suspend is up to your terminal here",
    };
    model.say(Weight::Warning, text);
    Vec::new()
}

fn dismiss(model: &mut Model) -> Vec<Effect> {
    model.shared.toasts.dismiss();
    Vec::new()
}

fn quit(model: &mut Model) -> Vec<Effect> {
    let lost = match model.panes.settings.pending() {
        0 => None,
        1 => Some("1 change to the settings was not applied; it would be lost.".to_owned()),
        count => Some(format!("{count} changes to the settings were not applied; they would be lost.")),
    };
    if model.shared.viewer.mode != Mode::Run {
        let Some(lost) = lost else { return vec![Effect::Quit] };
        model.open(Confirm::new("Leave?", vec![lost], "Leave", vec![Effect::Quit]));
        return Vec::new();
    }
    let counts = model.shared.snapshot.queue.counts;
    let waiting = counts.queued + counts.active + counts.held;
    let sessions = model.shared.snapshot.sessions.len();
    let mut lines = vec![
        match sessions {
            0 => "The relay stops with this dashboard.".to_owned(),
            1 => "The relay stops with this dashboard. 1 open session is ended in order.".to_owned(),
            count => {
                format!(
                    "The relay stops with this dashboard. {} open sessions are ended in order.",
                    widgets::count(count)
                )
            }
        },
        match waiting {
            0 => "No message waits.".to_owned(),
            1 => "1 message waits; it is safe on disk and goes on with the next start.".to_owned(),
            count => {
                format!("{} messages wait; they are safe on disk and go on with the next start.", widgets::count(count))
            }
        },
        "To keep it running without a dashboard: `mailroot serve`.".to_owned(),
    ];
    lines.extend(lost);
    model.open(Confirm::new("Stop the relay?", lines, "Stop", vec![Effect::Quit]));
    Vec::new()
}
