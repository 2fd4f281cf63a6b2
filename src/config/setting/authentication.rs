//! The ways in, as the list of words they are written in.

use super::{Input, Refusal, Setting};
use crate::config::Authentication;
use crate::config::fields::Kind;

impl Setting for Authentication {
    const KIND: Kind = Kind::List;
    const NAME: &'static str = Vec::<Way>::NAME;
    const EXPECTED: &'static str = "at least one of \"anonymous\", \"basic\" and \"integrated\"";

    fn read(input: &Input<'_>) -> Result<Self, Vec<Refusal>> {
        let ways = Vec::<Way>::read(input)?;
        if ways.is_empty() {
            let reason = "no way in is left".to_owned();
            let (span, expected) = (input.value.span(), Self::EXPECTED.to_owned());
            return Err(vec![Refusal { element: None, span, reason, expected }]);
        }
        Ok(Self {
            anonymous: ways.contains(&Way::Anonymous),
            basic: ways.contains(&Way::Basic),
            integrated: ways.contains(&Way::Integrated),
        })
    }

    fn write(&self) -> String {
        let ways = [(self.anonymous, Way::Anonymous), (self.basic, Way::Basic), (self.integrated, Way::Integrated)];
        ways.into_iter().filter_map(|(is_open, way)| is_open.then_some(way)).collect::<Vec<_>>().write()
    }
}

/// One way in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Anonymous,
    Basic,
    Integrated,
}

impl Way {
    pub(super) const ALL: [Self; 3] = [Self::Anonymous, Self::Basic, Self::Integrated];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Basic => "basic",
            Self::Integrated => "integrated",
        }
    }
}
