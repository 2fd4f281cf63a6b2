//! Two texts line by line: what goes and what comes.

/// A line of both texts, of the old or of the new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The line stands in both.
    Stays(String),
    /// The line goes.
    Goes(String),
    /// The line comes.
    Comes(String),
    /// Lines that both have are left out.
    Gap,
}

/// Lines shown around what differs.
const AROUND: usize = 2;

/// The lines in which the texts differ, with a few around them, as `mask` shows the texts. It must keep the number of
/// lines.
pub(super) fn difference(old: &str, new: &str, mask: impl Fn(&str) -> String) -> Vec<Step> {
    let (old_shown, new_shown) = (mask(old), mask(new));
    let steps = steps(&lines(old, &old_shown), &lines(new, &new_shown));
    let differs = |at: usize| !matches!(steps[at], Step::Stays(_));
    let is_near = |at: usize| (at.saturating_sub(AROUND)..(at + AROUND + 1).min(steps.len())).any(differs);
    let mut shown = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        if is_near(at) {
            shown.push(step.clone());
        } else if shown.last().is_some_and(|last| *last != Step::Gap) {
            shown.push(Step::Gap);
        }
    }
    if shown.last() == Some(&Step::Gap) {
        shown.pop();
    }
    shown
}

/// A line, and what is shown of it.
type Line<'a> = (&'a str, &'a str);

fn lines<'a>(text: &'a str, shown: &'a str) -> Vec<Line<'a>> {
    text.lines().zip(shown.lines()).collect()
}

/// The longest common part of what is between the first and the last difference stays; the rest goes or comes.
fn steps(old: &[Line<'_>], new: &[Line<'_>]) -> Vec<Step> {
    let same = |(one, other): &(&Line<'_>, &Line<'_>)| one.0 == other.0;
    let before = old.iter().zip(new).take_while(same).count();
    let after = old[before..].iter().rev().zip(new[before..].iter().rev()).take_while(same).count();
    let stays = |line: &Line<'_>| Step::Stays(line.1.to_owned());
    let (changed_old, changed_new) = (&old[before..old.len() - after], &new[before..new.len() - after]);
    let middle = middle(changed_old, changed_new);
    old[..before].iter().map(stays).chain(middle).chain(old[old.len() - after..].iter().map(stays)).collect()
}

fn middle(old: &[Line<'_>], new: &[Line<'_>]) -> Vec<Step> {
    let mut common = vec![vec![0_u32; new.len() + 1]; old.len() + 1];
    for (i, one) in old.iter().enumerate().rev() {
        for (j, other) in new.iter().enumerate().rev() {
            let is_same = one.0 == other.0;
            common[i][j] = if is_same { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut steps) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i].0 == new[j].0 {
            steps.push(Step::Stays(old[i].1.to_owned()));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && common[i + 1][j] >= common[i][j + 1]) {
            steps.push(Step::Goes(old[i].1.to_owned()));
            i += 1;
        } else {
            steps.push(Step::Comes(new[j].1.to_owned()));
            j += 1;
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(old: &str, new: &str) -> Vec<String> {
        let line = |step| match step {
            Step::Stays(line) => format!(" {line}"),
            Step::Goes(line) => format!("-{line}"),
            Step::Comes(line) => format!("+{line}"),
            Step::Gap => "...".to_owned(),
        };
        difference(old, new, crate::config::masked).into_iter().map(line).collect()
    }

    #[test]
    fn only_what_differs_is_shown_with_what_stands_around_it() {
        let (old, new) = ("# a\n# b\n# c\n# d\n# e\n# f\n# g\n# h\n", "# a\n# b\n# x\n# d\n# e\n# f\n# g\n# h\n# i\n");
        let expected = [" # a", " # b", "-# c", "+# x", " # d", " # e", "...", " # g", " # h", "+# i"];
        assert_eq!(shown(old, new), expected.map(str::to_owned));
        assert_eq!(shown(old, old), [""; 0]);
    }

    #[test]
    fn a_secret_that_changes_is_seen_to_change_and_nothing_of_it() {
        let text = "[delivery.outbound_security]\npassword = \"one\"\n";
        let lines = shown(text, &text.replace("one", "two"));
        assert_eq!(lines[1..], ["-password = ********", "+password = ********"]);
    }
}
