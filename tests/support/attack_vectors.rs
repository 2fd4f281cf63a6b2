//! The file of attack vectors.

#![allow(dead_code, reason = "each test file uses a part of it")]

/// One row.
pub(crate) struct Vector {
    pub(crate) id: String,
    pub(crate) class: String,
    /// As written: C escapes, in some classes with placeholders.
    pub(crate) bytes: String,
}

/// Every row.
pub(crate) fn vectors() -> Vec<Vector> {
    let file = include_str!("../data/attack-vectors.tsv");
    let rows = file.lines().skip(1).filter(|line| !line.is_empty());
    rows.map(|line| {
        let mut fields = line.split('\t').map(str::to_owned);
        let (id, class, bytes) = (fields.next().unwrap(), fields.next().unwrap(), fields.next().unwrap());
        assert!(fields.next().is_some(), "{line}");
        Vector { id, class, bytes }
    })
    .collect()
}

impl Vector {
    /// The octets, where the row has no placeholders.
    pub(crate) fn octets(&self) -> Vec<u8> {
        unescape(&self.bytes)
    }

    /// The octets of a vector of the class terminal, of which two are described and not written out.
    pub(crate) fn shown(&self) -> Vec<u8> {
        match self.id.as_str() {
            "TE28" => format!("e{}", "\u{301}".repeat(500)).into_bytes(),
            "TE33" => "漢字 한글 👨\u{200d}👩\u{200d}👧 ❤\u{fe0f} 🇩🇪".as_bytes().to_vec(),
            _ => self.octets(),
        }
    }
}

/// Nothing in it acts on a terminal, hides or turns round.
pub(crate) fn assert_harmless(text: &str) {
    let mut combining = 0;
    for c in text.chars() {
        let acts = c.is_control() && c != '\n';
        let hides = matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        assert!(!acts && !hides, "{c:?} in {text:?}");
        combining = if c == '\u{301}' { combining + 1 } else { 0 };
        assert!(combining < 10, "a heap of combining marks in {text:?}");
    }
}

/// The octets of a C-escaped text.
pub(crate) fn unescape(text: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if first != b'\\' {
            octets.push(first);
            continue;
        }
        let (&kind, tail) = rest.split_first().expect("an escape");
        rest = tail;
        octets.push(match kind {
            b'r' => b'\r',
            b'n' => b'\n',
            b't' => b'\t',
            b'x' => {
                let digits = std::str::from_utf8(&rest[..2]).unwrap();
                rest = &rest[2..];
                u8::from_str_radix(digits, 16).unwrap()
            }
            b'\\' | b'"' => kind,
            other => panic!("an escape nobody knows: {}", char::from(other)),
        });
    }
    octets
}

#[test]
fn escapes_are_read_as_c_reads_them() {
    assert_eq!(unescape("a\\r\\n\\x00\\x62\\\"\\\\"), b"a\r\n\0b\"\\");
}
