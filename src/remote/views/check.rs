//! A check of a smart host as text.

use std::fmt::Write as _;

use crate::engine::view::SmartHostCheck;
use crate::text::printable;

/// The steps, each with what to do below it; then the dialogue, if it is wanted.
pub fn smart_host_check(check: &SmartHostCheck, dialogue: bool) -> String {
    let mut text = String::new();
    for step in &check.steps {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{:<7} {:<9} {}", printable(&step.state), printable(&step.step), printable(&step.text));
        if let Some(advice) = &step.advice {
            let _ = writeln!(text, "{:17} -> {}", "", printable(advice));
        }
    }
    if dialogue && !check.dialogue.is_empty() {
        text.push('\n');
        for line in &check.dialogue {
            let _ = writeln!(text, "{}", printable(line));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::view::{CheckStep, SCHEMA};

    #[test]
    fn each_step_stands_on_a_line_with_what_to_do_below() {
        let step = |step: &str, state: &str, text: &str, advice: Option<&str>| CheckStep {
            step: step.to_owned(),
            state: state.to_owned(),
            text: text.to_owned(),
            advice: advice.map(str::to_owned),
        };
        let check = SmartHostCheck {
            schema: SCHEMA,
            can_send: false,
            steps: vec![
                step("route", "passed", "Mail goes to smart.example:587", None),
                step("tls", "failed", "expired\x1b", Some("renew it")),
            ],
            dialogue: vec!["S: 220 hi".to_owned()],
        };
        let steps = "passed  route     Mail goes to smart.example:587\n\
                     failed  tls       expired\u{241b}\n\
                     \x20                 -> renew it\n";
        assert_eq!(smart_host_check(&check, false), steps);
        assert_eq!(smart_host_check(&check, true), format!("{steps}\nS: 220 hi\n"));
    }
}
