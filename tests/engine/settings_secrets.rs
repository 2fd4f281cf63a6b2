//! Secrets of the settings, on their way between the file and those who edit it.

use std::fs;

use super::*;
use mailroot::config::Secret;
use mailroot::engine::{Command, Outcome};

/// Settings in which a person wrote a secret by hand.
const BY_HAND: &str = "[general]\nhostname = \"relay.test\"\nlisten = [\"127.0.0.1:0\"]\n\
                       [delivery.outbound_security]\nmethod = \"basic\"\nusername = \"u\"\npassword = 's3cret' # ours\n";

/// A house with [`BY_HAND`], and the text of its file as it is shown.
async fn house() -> (House, String) {
    let mut house = House::start(&[]).await;
    house.place().write_text(BY_HAND);
    assert!(matches!(house.ask(Command::Reload).await, Outcome::Done { .. }));
    let shown = house.view(Command::SettingsText).await["text"].as_str().unwrap().to_owned();
    (house, shown)
}

async fn apply(house: &House, base: &str, text: &str) -> Outcome {
    house.ask(Command::SettingsApply { text: text.into(), base: base.into() }).await
}

fn password(house: &House) -> String {
    let settings = house.handle.settings();
    settings.delivery.security.password.as_ref().unwrap().reveal().unwrap().as_str().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_written_by_hand_leaves_the_engine_in_no_answer_and_stays_in_the_file() {
    let (mut house, shown) = house().await;
    assert!(!shown.contains("s3cret") && shown.contains("# ours"), "{shown}");
    let file = house.place().settings_file();
    let edited = shown.replace("username = \"u\"", "username = \"v\"");
    assert!(matches!(apply(&house, &shown, &edited).await, Outcome::Done { .. }));
    assert_eq!(fs::read_to_string(&file).unwrap(), BY_HAND.replace("\"u\"", "\"v\""));
    assert_eq!(password(&house), "s3cret");
    let conflict = apply(&house, &shown, &edited).await;
    assert!(matches!(&conflict, Outcome::Conflict { text } if **text == *edited), "{conflict:?}");
    let answers = [
        serde_json::to_string(&conflict).unwrap(),
        house.view(Command::SettingsText).await.to_string(),
        house.status().await.to_string(),
        format!("{:?}", house.log("").await),
        format!("{:?} {:?}", house.handle.settings(), house.handle.latest()),
    ];
    for answer in answers {
        assert!(!answer.contains("s3cret"), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_typed_goes_to_a_file_of_its_own_and_can_be_taken_back() {
    let (mut house, shown) = house().await;
    let file = house.place().settings_file();
    let stand_in = shown.split("password = \"").nth(1).unwrap().split('"').next().unwrap();
    let command = Command::SettingsApply { text: shown.replace(stand_in, "typed").into(), base: shown.as_str().into() };
    assert!(!format!("{command:?}").contains("typed"), "{command:?}");
    let outcome = house.ask(command).await;
    assert!(matches!(&outcome, Outcome::Done { count: 1, .. }), "{outcome:?}");

    let written = fs::read_to_string(&file).unwrap();
    assert!(!written.contains("typed") && written.contains("password = { file = \"config/secrets/"), "{written}");
    assert_eq!(password(&house), "typed");
    assert!(matches!(house.handle.settings().delivery.security.password, Some(Secret::File(_))));
    let now = house.view(Command::SettingsText).await["text"].as_str().unwrap().to_owned();
    assert_eq!(now, written, "a file that names secrets and holds none is shown as it is");

    assert!(matches!(apply(&house, &now, &shown).await, Outcome::Done { .. }));
    assert_eq!((fs::read_to_string(&file).unwrap().as_str(), password(&house).as_str()), (BY_HAND, "s3cret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_typed_secret_that_is_refused_leaves_no_file() {
    let (mut house, shown) = house().await;
    let secrets = house.place().settings_file().with_file_name("secrets");
    let stand_in = shown.split("password = \"").nth(1).unwrap().split('"').next().unwrap();
    for wrong in ["typed\\n", "********", "<secret 0123456789abcdef>"] {
        let outcome = apply(&house, &shown, &shown.replace(stand_in, wrong)).await;
        assert!(matches!(&outcome, Outcome::Refused { reason } if !reason.contains("typed")), "{outcome:?}");
        let conflict = apply(&house, "# another", &shown.replace(stand_in, "typed")).await;
        assert!(matches!(conflict, Outcome::Conflict { .. }));
        assert!(!secrets.exists(), "{wrong}");
    }
    assert_eq!(password(&house), "s3cret");
}
