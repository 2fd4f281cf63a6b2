//! Every action of the pane for every role, in every view.

use mailroot::dashboard::PaneId;
use mailroot::dashboard::{Effect, QueueView, Scope, actions};
use mailroot::engine::Role;

use super::harness::{commands, serve, unanswered};
use crate::fixtures;

const ROLES: [Role; 3] = [Role::Observer, Role::Operator, Role::Admin];
const VIEWS: [QueueView; 3] = [QueueView::List, QueueView::Destinations, QueueView::Badmail];

#[test]
fn no_role_can_ask_for_what_it_may_not_do() {
    for (role, view) in ROLES.into_iter().flat_map(|role| VIEWS.map(|view| (role, view))) {
        let (_, table) = actions().into_iter().find(|(scope, _)| *scope == Scope::Pane(PaneId::Queue)).unwrap();
        for action in table {
            let mut driver = unanswered(role, fixtures::snapshot(), (120, 40), view);
            serve(&mut driver, &fixtures::rows());
            let keys = action.keys[0].to_string();
            driver.press(&if keys.chars().count() == 1 { keys } else { format!("<{keys}>") });
            for effect in driver.take_effects() {
                if let Effect::Execute(_, command) = effect {
                    assert!(command.needs() <= role, "{role} by {} in {view:?}: {command:?}", action.name);
                }
            }
        }
    }
}

#[test]
fn an_observer_is_told_which_role_it_takes() {
    for (view, key, role) in [
        (QueueView::List, "r", "operator"),
        (QueueView::List, "H", "operator"),
        (QueueView::List, "d", "admin"),
        (QueueView::List, "e", "admin"),
        (QueueView::List, "R", "operator"),
        (QueueView::Destinations, "o", "operator"),
        (QueueView::Badmail, "r", "operator"),
        (QueueView::Badmail, "d", "admin"),
    ] {
        let mut driver = unanswered(Role::Observer, fixtures::snapshot(), (120, 40), view);
        serve(&mut driver, &fixtures::rows());
        driver.press(key);
        assert!(commands(&driver.take_effects()).is_empty(), "{view:?} {key}");
        let said = format!("this needs the role {role}; you are observer");
        assert!(driver.screen().contains(&said), "{view:?} {key}\n{}", driver.screen());
    }
}

#[test]
fn an_operator_may_retry_mail_but_send_none_of_badmail_again() {
    let mut driver = unanswered(Role::Operator, fixtures::snapshot(), (120, 40), QueueView::Badmail);
    serve(&mut driver, &fixtures::rows());
    assert!(commands(&driver.press("r").take_effects()).is_empty());
    assert!(driver.screen().contains("this needs the role admin; you are operator"), "{}", driver.screen());
    driver.press("<Esc><Esc>");
    serve(&mut driver, &fixtures::rows());
    assert!(!commands(&driver.press("r").take_effects()).is_empty());
}

#[test]
fn an_observer_is_not_advised_to_do_what_they_may_not() {
    let mut driver = unanswered(Role::Observer, fixtures::snapshot(), (120, 40), QueueView::List);
    serve(&mut driver, &fixtures::rows());
    assert!(!driver.screen().contains("tries now") && !driver.screen().contains("r retry"), "{}", driver.screen());
}
