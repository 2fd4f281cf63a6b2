//! The pictures in `screenshots/`: made-up relays drawn by the real program, and checked to be what it draws today.

mod scenes;
mod strokes;
mod svg;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use mailroot::dashboard::{Answer, Colors, PaneId, Preferences, ThemeName, Viewer};
use mailroot::engine::Role;

use self::scenes::press;
use self::svg::svg;
use super::driver::{Driver, viewer};
use super::fixtures;

/// Set it to have the pictures written anew; `screenshots/make` does.
const UPDATE: &str = "UPDATE_SCREENSHOTS";

/// A picture, and how it comes about.
struct Picture {
    /// The file's name, without `.svg`.
    name: &'static str,
    /// What is to be seen on it.
    caption: &'static str,
    screen: Screen,
    /// Brings the dashboard where the picture is taken.
    play: fn(&mut Driver),
}

struct Screen {
    size: (u16, u16),
    theme: ThemeName,
    pane: PaneId,
    zoomed: bool,
}

const WIDE: Screen = Screen { size: (112, 30), theme: ThemeName::Dark, pane: PaneId::Sessions, zoomed: true };

const QUEUE: Screen = Screen { pane: PaneId::Queue, ..WIDE };
const SETTINGS: Screen = Screen { pane: PaneId::Settings, ..WIDE };

const PICTURES: &[Picture] = &[
    Picture {
        name: "overview",
        caption: "The whole relay on one screen",
        screen: Screen { size: (124, 42), zoomed: false, ..QUEUE },
        play: |driver| {
            busy(driver);
            press(driver, "j");
        },
    },
    Picture {
        name: "queue",
        caption: "Queue: what waits, since when, and why",
        screen: QUEUE,
        play: |driver| press(driver, "j<Space><Space>"),
    },
    Picture {
        name: "message",
        caption: "One message: its envelope, and what every attempt came to",
        screen: QUEUE,
        play: |driver| press(driver, "j<Enter>"),
    },
    Picture {
        name: "destinations",
        caption: "The queue by destination and age",
        screen: QUEUE,
        play: |driver| press(driver, "D"),
    },
    Picture { name: "sessions", caption: "Sessions: who is connected, and to whom we are", screen: WIDE, play: busy },
    Picture {
        name: "transcript",
        caption: "A session, watched live",
        screen: WIDE,
        play: |driver| {
            press(driver, "<Enter>");
            for event in fixtures::transcript() {
                driver.answer(Answer::Transcript(3, Some(event)));
            }
        },
    },
    Picture {
        name: "test-message",
        caption: "A test message: its dialogue, and what becomes of it",
        screen: WIDE,
        play: |driver| {
            press(driver, "Tbob@example.com<Enter>");
            for event in fixtures::trial("0JX4K77A") {
                driver.answer(Answer::Trial(event));
            }
            driver.see(scenes::delivered("0JX4K77A"));
        },
    },
    Picture {
        name: "log",
        caption: "Log: what happened to each message",
        screen: Screen { pane: PaneId::Log, ..WIDE },
        play: |driver| press(driver, "/greylisted<Enter>"),
    },
    Picture {
        name: "settings",
        caption: "Settings: the property sheet, tab by tab",
        screen: SETTINGS,
        play: |driver| press(driver, "ll"),
    },
    Picture {
        name: "settings-error",
        caption: "A value that is none is refused beside its field",
        screen: SETTINGS,
        play: |driver| {
            press(driver, "ll<Enter><C-u>2 parsecs<Enter>");
        },
    },
    Picture {
        name: "settings-review",
        caption: "What the changes will do, before they are applied",
        screen: SETTINGS,
        play: |driver| {
            press(driver, "ll<Enter><C-u>8 MiB<Enter>");
            press(driver, "jjj<Enter><C-u>500<Enter>");
            press(driver, "S<Enter><C-u>smtp.provider.example:587<Enter>");
            press(driver, "<C-s>");
        },
    },
    Picture {
        name: "help",
        caption: "Every key, searched by what it does",
        screen: QUEUE,
        play: |driver| press(driver, "?"),
    },
    Picture {
        name: "light",
        caption: "The light theme",
        screen: Screen { theme: ThemeName::Light, ..QUEUE },
        play: |driver| press(driver, "j"),
    },
    Picture {
        name: "80x24",
        caption: "A terminal of 80 columns and 24 rows, in its own colours",
        screen: Screen { size: (80, 24), theme: ThemeName::Terminal, ..QUEUE },
        play: |driver| press(driver, "j"),
    },
];

/// Lets some seconds pass, so that there are rates to be seen.
fn busy(driver: &mut Driver) {
    for seconds in [2, 4, 6] {
        driver.see(scenes::later(seconds));
    }
}

fn draw(picture: &Picture) -> String {
    let Screen { size: (width, height), theme, pane, zoomed } = picture.screen;
    let viewer = Viewer { colors: Colors::True, ..viewer(Role::Admin) };
    let preferences = Preferences { pane, zoomed, theme, ..Preferences::default() };
    let mut driver = Driver::with(viewer, scenes::snapshot(), width, height, &preferences);
    press(&mut driver, "");
    (picture.play)(&mut driver);
    let cursor = driver.cursor();
    svg(&driver.buffer(), cursor, picture.caption)
}

/// What the folder says of itself.
fn index() -> String {
    let mut index =
        "# Pictures\n\nThe dashboard, drawn by the program from made-up data. `screenshots/make` makes them \
                     anew; a test says when that is due.\n"
            .to_owned();
    for Picture { name, caption, .. } in PICTURES {
        write!(index, "\n## {caption}\n\n![{caption}]({name}.svg)\n").unwrap();
    }
    index
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots")
}

#[test]
fn the_pictures_are_what_the_program_draws() {
    let mut files: Vec<_> = PICTURES.iter().map(|picture| (format!("{}.svg", picture.name), draw(picture))).collect();
    files.push(("README.md".to_owned(), index()));
    let mut stale = Vec::new();
    for (name, content) in &files {
        let path = folder().join(name);
        if std::env::var_os(UPDATE).is_some() {
            std::fs::write(&path, content).unwrap();
        }
        if std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n") != *content {
            stale.push(name);
        }
    }
    assert!(stale.is_empty(), "run screenshots/make: {stale:?} are not what the program draws");
    let left = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let left: Vec<_> = left.filter(|name| name != "make" && files.iter().all(|(known, _)| known != name)).collect();
    assert!(left.is_empty(), "{left:?} in screenshots/ are no pictures that the program draws");
}
