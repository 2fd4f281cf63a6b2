//! Plan, then apply: what an act on the queue would work on is worked out and shown first; then it is done to exactly
//! those messages, whatever else has come to match by then.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::command::{Actor, Outcome, QueueAct, Target};
use super::handle::Shared;
use super::look::view;
use super::messages;
use super::view::{Plan as PlanView, SCHEMA};
use crate::queue::{QueueId, State};
use crate::text;

/// Plans remembered at the same time, the newest.
const MAX_PLANS: usize = 16;
/// Ids in all of them together.
const MAX_IDS: usize = 2_000_000;
/// How long a plan can be applied.
const KEPT: Duration = Duration::from_mins(5);
/// Messages shown of a plan.
const SAMPLE: usize = 5;

/// The plans that can still be applied, the oldest first.
#[derive(Default)]
pub(super) struct Plans(Mutex<VecDeque<Plan>>);

/// An act that was worked out.
struct Plan {
    name: String,
    /// Who may apply it.
    actor: String,
    made: Instant,
    act: QueueAct,
    /// What was asked, for the log.
    target: Target,
    ids: Vec<QueueId>,
}

/// Works out what an act would do.
pub(super) fn make(shared: &Shared, actor: &Actor, act: QueueAct, target: Target) -> Outcome {
    if act == QueueAct::Restore {
        return Outcome::refused("there is nothing to plan: what was deleted is brought back by its ids, at once");
    }
    let ids = match messages::select(shared, &target) {
        Ok(ids) => ids,
        Err(reason) => return Outcome::refused(reason),
    };
    let ids = shared.dispatcher.among(&ids, |listed| match act {
        QueueAct::Retry | QueueAct::Hold => listed.state() == State::Queued,
        QueueAct::Release => listed.state() == State::Held,
        QueueAct::Delete | QueueAct::Restore => true,
    });
    let sample = shared.dispatcher.rows_of(&ids[..ids.len().min(SAMPLE)]);
    let count = ids.len();
    let name = format!("{:013x}", fastrand::u64(..) >> 12);
    shared.plans.remember(Plan {
        name: name.clone(),
        actor: actor.name.clone(),
        made: Instant::now(),
        act,
        target,
        ids,
    });
    view(&PlanView { schema: SCHEMA, plan: name, count, sample: sample.into_iter().map(messages::message).collect() })
}

/// Does what was planned, once.
pub(super) async fn apply(shared: &Shared, actor: &Actor, name: &str) -> Outcome {
    let Some(act) = shared.plans.act_of(name, actor) else {
        let name = text::quoted(name);
        return Outcome::refused(format!("you have no plan {name}: a plan is applied once, within five minutes"));
    };
    if actor.role < act.needs() {
        return Outcome::refused(format!(
            "queue apply of this plan needs the role {}; you are {}",
            act.needs(),
            actor.role
        ));
    }
    let Some(plan) = shared.plans.take(name, actor) else {
        return Outcome::refused("this plan is being applied already");
    };
    let known = shared.dispatcher.among(&plan.ids, |_| true).len();
    let (count, done) = messages::carry_out(shared, actor, act, &plan.ids).await;
    let mut message = messages::phrase(count, done);
    if known < plan.ids.len() {
        let _ = write!(message, "; {} had left the queue", plan.ids.len() - known); // a String takes all
    }
    if count < known {
        let _ = write!(message, "; {} could not be changed", known - count);
    }
    messages::record(shared, actor, &plan.target, &plan.ids, &message);
    Outcome::done(count, message)
}

impl Plans {
    fn remember(&self, plan: Plan) {
        let mut plans = self.lock();
        plans.push_back(plan);
        let count = |plans: &VecDeque<Plan>| plans.iter().map(|plan| plan.ids.len()).sum::<usize>();
        while plans.len() > MAX_PLANS || (plans.len() > 1 && count(&plans) > MAX_IDS) {
            plans.pop_front();
        }
    }

    fn act_of(&self, name: &str, actor: &Actor) -> Option<QueueAct> {
        self.lock().iter().find(|plan| plan.is(name, actor)).map(|plan| plan.act)
    }

    fn take(&self, name: &str, actor: &Actor) -> Option<Plan> {
        let mut plans = self.lock();
        let at = plans.iter().position(|plan| plan.is(name, actor))?;
        plans.remove(at)
    }

    /// The plans that are not out of date.
    fn lock(&self) -> MutexGuard<'_, VecDeque<Plan>> {
        let mut plans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        plans.retain(|plan| plan.made.elapsed() < KEPT);
        plans
    }
}

impl Plan {
    fn is(&self, name: &str, actor: &Actor) -> bool {
        self.name == name && self.actor == actor.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Role;

    fn plan(name: &str, ids: usize) -> Plan {
        let id: QueueId = "a".parse().unwrap();
        let (name, actor) = (name.to_owned(), "anna".to_owned());
        Plan { name, actor, made: Instant::now(), act: QueueAct::Hold, target: Target::All, ids: vec![id; ids] }
    }

    fn remembered(plans: &Plans) -> Vec<String> {
        plans.lock().iter().map(|plan| plan.name.clone()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_plan_is_forgotten_after_five_minutes() {
        let plans = Plans::default();
        plans.remember(plan("old", 1));
        tokio::time::advance(KEPT / 2).await;
        plans.remember(plan("new", 1));
        tokio::time::advance(KEPT / 2).await;
        assert_eq!(remembered(&plans), ["new"]);
    }

    #[tokio::test]
    async fn few_plans_are_remembered_and_fewer_large_ones() {
        let plans = Plans::default();
        for number in 0..=MAX_PLANS {
            plans.remember(plan(&number.to_string(), 1));
        }
        assert_eq!((remembered(&plans).len(), remembered(&plans)[0].as_str()), (MAX_PLANS, "1"));
        plans.remember(plan("large", MAX_IDS - 2));
        assert_eq!(remembered(&plans), ["15", "16", "large"]);
        plans.remember(plan("larger", MAX_IDS + 1));
        assert_eq!(remembered(&plans), ["larger"], "the newest is kept, whatever its size");
    }

    #[tokio::test]
    async fn a_plan_is_taken_once_and_by_who_made_it() {
        let plans = Plans::default();
        plans.remember(plan("one", 1));
        let named = |name: &str| Actor { name: name.to_owned(), role: Role::Admin };
        assert!(plans.take("one", &named("bert")).is_none() && plans.take("two", &named("anna")).is_none());
        assert!(plans.take("one", &named("anna")).is_some());
        assert!(plans.take("one", &named("anna")).is_none());
    }
}
