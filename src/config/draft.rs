//! Settings being edited: a text in which values change and everything else stays.

mod domains;
mod put;

use std::fmt;
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, InlineTable, Item, Table, Value};

use self::put::{append, put};
use super::Settings;
use super::document::Document;
use super::fields::{DOMAIN, SECTIONS, domain_fields, fields};
use super::key::{Key, Step};
use super::load::{self, LoadError, base_of};
use super::parse;
use super::problem::Problem;
use super::sample::comment;
use super::save::{SaveError, failed};
use super::secret_files::SecretFiles;
use super::secrets::given;
use super::suggest::no_such_key;

/// The byte order mark with which some editors on Windows begin a file.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Said of the rare file that the TOML library would not give back as it was.
const SCATTERED: &str = "an edit would move lines that have nothing to do with it, since the keys of a section \
                         are scattered or line ends are mixed; change the file by hand";

/// One change of a settings file.
#[derive(Clone, PartialEq, Eq)]
pub enum Edit {
    /// A key, `delivery.retry` or `domain[2].relay`, is to have a value. The value is TOML or, where it is none, the
    /// text itself: `["1m"]`, `"2 MiB"` and `2 MiB` are all understood.
    Set {
        /// The key.
        key: String,
        /// The value; it may be a secret.
        value: String,
    },
    /// There is to be one more remote domain, behind the others.
    AddDomain {
        /// The name of the domain.
        name: String,
    },
    /// A remote domain is to go, with the comments right in front of it and in it.
    RemoveDomain {
        /// Which, counted from 1.
        number: usize,
    },
}

/// Tells no value.
impl fmt::Debug for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set { key, .. } => write!(f, "set {key:?}"),
            Self::AddDomain { name } => write!(f, "add domain {name:?}"),
            Self::RemoveDomain { number } => write!(f, "remove domain {number}"),
        }
    }
}

/// An edited settings file. Comments and the lines of other keys keep every octet, and no edit leaves settings
/// that are not valid.
#[derive(Clone)]
pub struct Draft {
    /// Without byte order mark, and with lines that end in LF.
    document: DocumentMut,
    original: String,
    base: PathBuf,
}

impl Draft {
    /// Starts from the text of a file, which has to be TOML; values in it may be wrong, and be set right. A file of
    /// which an edit could not keep every other line is refused.
    pub fn open(text: &str, base: &Path) -> Result<Self, Vec<Problem>> {
        Document::parse(text)?;
        let document = text.parse().map_err(|error: toml_edit::TomlError| vec![without_place("", error.message())])?;
        let draft = Self { document, original: text.to_owned(), base: base.to_owned() };
        if draft.render().trim_end() == text.trim_end() { Ok(draft) } else { Err(vec![without_place("", SCATTERED)]) }
    }

    /// Starts from a settings file; from nothing if the file is not there yet.
    pub fn of_file(path: &Path) -> Result<Self, LoadError> {
        let text = load::current(path)?;
        let base = base_of(path).map_err(|source| LoadError::Read { path: path.to_owned(), source })?;
        Self::open(&text, &base).map_err(|problems| LoadError::Invalid { path: path.to_owned(), problems })
    }

    /// Replaces the settings file, whole and durably, unless it no longer holds what this draft started from. Secrets
    /// that came with the edits go to files of their own, as [`SecretFiles`] has it; gives those.
    pub fn save(self, path: &Path) -> Result<Vec<PathBuf>, SaveError> {
        let by_hand = given(&self.original).unwrap_or_default();
        let is_by_hand = |secret: &str| by_hand.iter().any(|given| *given.secret == secret);
        let files = SecretFiles::of(path, &self.render(), is_by_hand).map_err(failed("find the place of", path))?;
        files.save(path, &self.original)?;
        Ok(files.paths().map(Path::to_owned).collect())
    }

    /// The text it started from.
    pub fn original(&self) -> &str {
        &self.original
    }

    /// The edited text, with the line ends and the byte order mark of the original.
    pub fn render(&self) -> String {
        let text = self.document.to_string();
        let text = if self.original.contains("\r\n") { text.replace('\n', "\r\n") } else { text };
        if self.original.starts_with(BYTE_ORDER_MARK) { format!("{BYTE_ORDER_MARK}{text}") } else { text }
    }

    /// The value of a key as the file has it, as TOML; `None` if the file does not name it.
    pub fn value(&self, key: &str) -> Option<String> {
        let item = Key::from(key).steps().iter().try_fold(self.document.as_item(), |item, step| match step {
            Step::Name(name) => item.get(name.as_str()),
            Step::Index(index) => item.get(*index),
        })?;
        Some(item.as_value()?.clone().decorated("", "").to_string())
    }

    /// Makes changes one after the other, and gives the settings they lead to. If those were not valid, nothing
    /// changes and all that is wrong comes back.
    pub fn edit(&mut self, edits: &[Edit]) -> Result<Settings, Vec<Problem>> {
        let mut edited = self.clone();
        for edit in edits {
            match edit {
                Edit::Set { key, value } => edited.put(key, value)?,
                Edit::AddDomain { name } => domains::add(&mut edited.document, name)?,
                Edit::RemoveDomain { number } => domains::remove(&mut edited.document, *number)?,
            }
        }
        let settings = parse(&edited.render(), &self.base)?;
        self.document = edited.document;
        Ok(settings)
    }

    /// Sets one key, as [`Edit::Set`] does.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), Vec<Problem>> {
        let edit = Edit::Set { key: key.to_owned(), value: value.to_owned() };
        self.edit(&[edit]).map(drop).map_err(|problems| here_without_place(key, problems))
    }

    fn put(&mut self, key: &str, value: &str) -> Result<(), Vec<Problem>> {
        let Some(comment) = comment_of(key) else { return Err(vec![without_place(key, &no_such_key(key))]) };
        let path = Key::from(key);
        let Some((Step::Name(name), parents)) = path.steps().split_last() else {
            return Err(vec![without_place(key, &no_such_key(key))]);
        };
        let Some(section) = self.section(parents) else {
            return Err(vec![without_place(key, "the file has no such [[domain]]; add it there by hand")]);
        };
        put(section, name, value.trim().parse().unwrap_or_else(|_| Value::from(value)), &comment);
        Ok(())
    }

    /// The table at `path`, made where it is a section that the file does not have yet.
    fn section(&mut self, path: &[Step]) -> Option<&mut Item> {
        let mut item = self.document.as_item_mut();
        let mut name_so_far = String::new();
        for step in path {
            item = match step {
                Step::Index(index) => item.get_mut(*index)?,
                Step::Name(name) => {
                    name_so_far = if name_so_far.is_empty() { name.clone() } else { format!("{name_so_far}.{name}") };
                    let inline = is_usually_inline(&name_so_far);
                    let section = match item.as_inline_table_mut() {
                        Some(table) if !table.contains_key(name) => {
                            append(table, name, InlineTable::new().into());
                            item.get_mut(name.as_str())?
                        }
                        _ => item.as_table_like_mut()?.entry(name).or_insert_with(|| empty_section(inline)),
                    };
                    // The table of a remote domain that does not have it yet.
                    if section.as_str() == Some("") {
                        *section = empty_section(true);
                    }
                    section
                }
            };
        }
        Some(item)
    }
}

/// Tells no text: secrets may stand in it.
impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft").field("base", &self.base).finish_non_exhaustive()
    }
}

/// The comment with which the sample file explains a key; `None` if there is no such key.
fn comment_of(key: &str) -> Option<String> {
    match Key::from(key).steps() {
        [Step::Name(domain), Step::Index(_), ..] if domain == "domain" => {
            let (_, name) = key.split_once("].")?;
            domain_fields().find(|field| field.key == name).map(comment)
        }
        _ => fields().find(|field| field.key == key).map(comment),
    }
}

fn without_place(key: &str, reason: &str) -> Problem {
    Problem { at: None, key: key.to_owned(), reason: reason.to_owned(), expected: None }
}

/// The value that is being set stands in no file, so a problem with it has no place in one.
fn here_without_place(key: &str, mut problems: Vec<Problem>) -> Vec<Problem> {
    for problem in &mut problems {
        let rest = problem.key.strip_prefix(key);
        if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('[')) {
            problem.at = None;
        }
    }
    problems
}

/// Whether a section is usually written in one line.
fn is_usually_inline(path: &str) -> bool {
    match path.strip_prefix("domain.") {
        Some(path) => DOMAIN.iter().any(|section| section.path == path && section.inline),
        None => SECTIONS.iter().any(|section| section.path == path && section.inline),
    }
}

fn empty_section(inline: bool) -> Item {
    if inline {
        return Item::Value(InlineTable::new().into());
    }
    let mut table = Table::new();
    // Its header appears with its first key, and not for the sake of a section below it.
    table.set_implicit(true);
    Item::Table(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(text: &str, edits: &[(&str, &str)]) -> String {
        let mut draft = Draft::open(text, Path::new("/srv")).unwrap();
        for (key, value) in edits {
            draft.set(key, value).unwrap();
        }
        draft.render()
    }

    fn refused(text: &str, key: &str, value: &str) -> Vec<String> {
        let mut draft = Draft::open(text, Path::new("/srv")).unwrap();
        let problems = draft.set(key, value).unwrap_err();
        assert_eq!(draft.render(), text, "nothing may change");
        problems.iter().map(Problem::to_string).collect()
    }

    #[test]
    fn the_comment_behind_a_value_stays() {
        let text = "# top\n[general]  # tab\nhostname   = \"a.example\"    # ours\nlisten = []# none\n";
        assert_eq!(
            edited(text, &[("general.hostname", "b.example"), ("general.listen", "[\"[::1]:25\"]")]),
            "# top\n[general]  # tab\nhostname   = \"b.example\"    # ours\nlisten = [\"[::1]:25\"]# none\n"
        );
    }

    #[test]
    fn a_value_is_toml_or_else_plain_text() {
        let text = edited("", &[("messages.max_message_size", "4 MB"), ("messages.max_recipients", "50")]);
        assert!(text.contains("max_message_size = \"4 MB\"\n") && text.contains("max_recipients = 50\n"), "{text}");
        assert!(edited("", &[("delivery.retry", "['1m', '2m']")]).contains("retry = ['1m', '2m']\n"));
        assert!(edited("", &[("local.drop_quota", " true ")]).contains("drop_quota = true\n"));
    }

    #[test]
    fn a_missing_key_arrives_in_its_section_with_its_comment() {
        let text = "[general]\nlisten = [] # none\n\n# about logs\n[log]\nlevel = \"warn\"\n";
        assert_eq!(
            edited(text, &[("general.connection_timeout", "1m")]),
            "[general]\nlisten = [] # none\n# Connection time-out. A session that is idle for longer is closed. Old \
             server: 10 minutes.\nconnection_timeout = \"1m\"\n\n# about logs\n[log]\nlevel = \"warn\"\n"
        );
    }

    #[test]
    fn a_missing_section_is_made() {
        let text = edited("[delivery]\nretry = [\"1m\"]\n[log]\n", &[("delivery.advanced.max_hops", "30")]);
        assert!(text.starts_with("[delivery]\nretry = [\"1m\"]\n\n[delivery.advanced]\n# Maximum hop count"), "{text}");
        assert!(text.ends_with("max_hops = 30\n[log]\n"), "{text}");
        assert_eq!(edited("", &[("access.relay.list", "[]")]), "[access]\nrelay = { list = [] }\n");
    }

    #[test]
    fn a_key_is_added_to_a_table_in_one_line() {
        let relay = "[access]\nrelay = { list = [], mode = \"only\" } # here\n";
        assert_eq!(
            edited(relay, &[("access.relay.allow_authenticated", "false")]),
            "[access]\nrelay = { list = [], mode = \"only\", allow_authenticated = false } # here\n"
        );
        let delivery = edited("delivery = {retry=[\"1m\"]}\n", &[("delivery.advanced.max_hops", "9")]);
        assert_eq!(delivery, "delivery = {retry=[\"1m\"], advanced = { max_hops = 9 }}\n");
    }

    #[test]
    fn sections_written_as_dotted_keys_stay_so() {
        let text = edited("general.hostname = \"a.example\"\n", &[("general.max_connections", "5")]);
        assert!(
            text.starts_with("general.hostname = \"a.example\"\n# ") && text.ends_with("general.max_connections = 5\n")
        );
    }

    #[test]
    fn remote_domains_are_edited_by_their_number() {
        let text = "[[domain]]\nname = \"a.example\"\n[[domain]]\nname = \"b.example\" # b\n";
        let text = edited(text, &[("domain[2].name", "*.b.example"), ("domain[1].relay", "true")]);
        assert!(text.contains("name = \"*.b.example\" # b\n"), "{text}");
        assert!(text.starts_with("[[domain]]\nname = \"a.example\"\n# Allow incoming mail"), "{text}");
        assert_eq!(refused("", "domain[1].relay", "true").len(), 1);
    }

    #[test]
    fn a_file_that_could_not_be_given_back_as_it_was_is_left_alone() {
        let scattered = "general.max_connections = 1\nmailroot = \"m\"\ngeneral.listen = []\n";
        for text in [scattered, "[general]\r\nmax_connections = 1\nlisten = []\n"] {
            assert!(parse(text, Path::new("/srv")).is_ok());
            assert_eq!(Draft::open(text, Path::new("/srv")).unwrap_err()[0].reason, SCATTERED);
        }
    }

    #[test]
    fn a_value_that_is_wrong_changes_nothing_and_says_why() {
        let expected = "messages.max_message_size: \"12 XB\" is not a size; \
                        expected for example \"2048 KB\" or \"2 MiB\", or 0 for no limit";
        assert_eq!(refused("# here\n", "messages.max_message_size", "12 XB"), [expected]);
        assert_eq!(
            refused("", "general.hostnam", "x"),
            ["general.hostnam: no such key; did you mean general.hostname?"]
        );
        assert_eq!(refused("", "general", "x").len(), 1);
        assert_eq!(refused("", "access.require_tls", "true").len(), 1);
        assert_eq!(refused("", "", "x").len(), 1);
    }

    #[test]
    fn what_was_wrong_before_can_be_set_right() {
        let text = "[delivery]\nretry = [] # none\n";
        assert_eq!(edited(text, &[("delivery.retry", "[\"1m\"]")]), "[delivery]\nretry = [\"1m\"] # none\n");
        assert_eq!(refused(text, "general.hostname", "a.example").len(), 1, "but not by an edit elsewhere");
    }

    #[test]
    fn a_draft_is_saved_unless_somebody_else_writes_the_file_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mailroot.toml");
        let edited = || {
            let mut draft = Draft::of_file(&path).unwrap();
            draft.set("log.level", "debug").unwrap();
            draft
        };
        edited().save(&path).unwrap();
        assert!(std::fs::read_to_string(&path).unwrap().ends_with("level = \"debug\"\n"));
        let draft = edited();
        std::fs::write(&path, "# theirs\n").unwrap();
        assert!(matches!(draft.save(&path), Err(SaveError::Changed(_))));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "# theirs\n");
    }

    #[test]
    fn the_security_of_a_remote_domain_is_edited_key_by_key() {
        let text = "[[domain]]\nname = \"a.example\"\n";
        let tls = edited(text, &[("domain[1].security.tls", "required")]);
        assert!(tls.ends_with("name = \"a.example\"\nsecurity = { tls = \"required\" }\n"), "{tls}");
        let oauth = edited(&tls, &[("domain[1].security.oauth.tenant", "t")]);
        assert!(oauth.ends_with("security = { tls = \"required\", oauth = { tenant = \"t\" } }\n"), "{oauth}");
        assert_eq!(edited(&oauth, &[("domain[1].security", "{}")]), oauth, "it is there");
        let none = edited(&oauth, &[("domain[1].security", "")]);
        assert!(none.ends_with("security = \"\"\n"), "{none}");
        let again = edited(&none, &[("domain[1].security.tls", "none")]);
        assert!(again.ends_with("security = { tls = \"none\" }\n"), "{again}");
        let header = format!("{text}[domain.security] # ours\nverify = false\n");
        let more = edited(&header, &[("domain[1].security.tls", "required"), ("domain[1].security", "{}")]);
        assert!(more.starts_with(&header) && more.ends_with("\ntls = \"required\"\n"), "{more}");
        let moved = edited(&header, &[("domain[1].security", "{ tls = \"none\" }")]);
        assert!(parse(&moved, Path::new("/srv")).unwrap().domains[0].security.as_ref().unwrap().verify, "{moved}");
    }

    #[test]
    fn files_of_windows_editors_keep_their_line_ends_and_byte_order_mark() {
        let text = "\u{feff}# top\r\n[general]\r\nmax_connections = 1 # one\r\n\r\n# end\r\n";
        assert_eq!(edited(text, &[("general.max_connections", "2")]), text.replace("= 1", "= 2"));
        let added = edited(text, &[("general.hostname", "a.example")]);
        assert_eq!(added.matches('\n').count(), added.matches("\r\n").count());
    }
}
