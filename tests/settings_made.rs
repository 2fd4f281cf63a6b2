//! An engine that was started without a settings file gets one. Alone in its process, since the working directory says
//! where.

use std::sync::Arc;
use std::time::Duration;

use mailroot::config::Settings;
use mailroot::dns::Zone;
use mailroot::engine::{Actor, Command, Engine, Options, Outcome, Role};

#[tokio::test(flavor = "multi_thread")]
async fn settings_applied_where_there_was_no_file_make_it_and_it_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let base = std::fs::canonicalize(folder.path()).unwrap();
    std::env::set_current_dir(&base).unwrap();
    let mut settings = Settings::defaults(&base);
    settings.general.listen = vec!["127.0.0.1:0".parse().unwrap()];
    let engine = Engine::start(Options {
        settings,
        settings_file: None,
        resolver: Some(Arc::new(Zone::default())),
        application_log: None,
        unsafe_no_sync: false,
    })
    .await
    .unwrap();
    let (handle, admin) = (engine.handle(), Actor { name: "the admin".to_owned(), role: Role::Admin });
    let file = base.join("config").join("mailroot.toml");
    let Outcome::View { view } = handle.execute(&admin, Command::SettingsText).await else { panic!("no view") };
    assert_eq!((&view["path"], &view["text"]), (&file.to_str().unwrap().into(), &"".into()));
    assert!(matches!(handle.execute(&admin, Command::Reload).await, Outcome::Refused { .. }));

    let text = "[general]\nlisten = [\"127.0.0.1:0\"]\n[messages]\nmax_recipients = 7 # a few\n";
    let apply = Command::SettingsApply { text: text.into(), base: "".into() };
    let Outcome::Done { count, message } = handle.execute(&admin, apply).await else { panic!("not done") };
    assert_eq!(count, 1);
    assert!(message.ends_with(&format!("; they are in {} from now on", file.display())), "{message}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    assert_eq!(handle.settings().messages.max_recipients, Some(7));
    assert_eq!(handle.latest().settings_file.as_deref(), Some(&file));

    // By hand, again and again: nobody knows when the engine begins to look.
    for number in 8.. {
        std::fs::write(&file, text.replace("= 7", &format!("= {number}"))).unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
        if handle.settings().messages.max_recipients == Some(number) {
            break;
        }
        assert!(number < 60, "the file is not followed");
    }
    engine.drain().await;
}
