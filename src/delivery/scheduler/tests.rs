//! The scheduler without a disk, a network or a clock.

mod destinations;
mod messages;
mod routes;

use std::collections::HashSet;

use super::bench::{Bench, attempt, deferred, delivered, domain, id, settings};
use super::*;
use crate::delivery::attempt::{Attempt, Verdict};
use crate::delivery::trouble::Trouble;
use crate::dns::ResolveError;
use crate::queue::{State, Status};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

fn smart() -> Bench {
    Bench::new(settings("smart.example:25"))
}

fn direct() -> Bench {
    Bench::new(settings(""))
}
