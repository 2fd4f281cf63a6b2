//! Base64 as SMTP carries a login (RFC 4954 4, RFC 4648 4).

use ::base64::Engine;
use ::base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::MAX_RESPONSE;

/// What a line holds is not base64, or is more than a login may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Base64Error {
    /// Other characters, or padding that is missing or in the wrong place.
    #[error("not base64")]
    Malformed,
    /// More than [`MAX_RESPONSE`] octets.
    #[error("longer than a login may be")]
    TooLong,
}

/// Octets as base64.
pub fn encode(octets: &[u8]) -> Zeroizing<String> {
    // Room for all of it at once: a text that grows leaves its former self behind in memory.
    let mut text = Zeroizing::new(String::with_capacity(octets.len().div_ceil(3) * 4));
    STANDARD.encode_string(octets, &mut text);
    text
}

/// The octets of a line of base64. A lone `=` is an empty initial response, and for [`decode`] as good as an empty line.
pub fn decode(line: &[u8]) -> Result<Zeroizing<Vec<u8>>, Base64Error> {
    if line.len() > MAX_RESPONSE / 3 * 4 {
        return Err(Base64Error::TooLong);
    }
    let mut octets = Zeroizing::new(Vec::with_capacity(line.len() / 4 * 3 + 3));
    if line != b"=" {
        STANDARD.decode_vec(line, &mut octets).map_err(|_| Base64Error::Malformed)?;
    }
    Ok(octets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_response_may_be_empty_and_as_long_as_the_standard_asks() {
        assert_eq!(decode(b"=").unwrap().len(), 0);
        assert_eq!(decode(b"").unwrap().len(), 0);
        assert_eq!(decode(&[b'A'; 12_288]).unwrap().len(), MAX_RESPONSE);
        assert_eq!(decode(&[b'A'; 12_292]), Err(Base64Error::TooLong));
    }

    #[test]
    fn a005_what_is_not_base64_is_refused() {
        for line in ["*", "dXNlcg", "dXNl cg==", "====", "dXNlcg==dXNlcg==", "dXNlch==", "\u{e9}"] {
            assert_eq!(decode(line.as_bytes()), Err(Base64Error::Malformed), "{line}");
        }
    }

    proptest! {
        #[test]
        fn octets_come_back_as_they_were(octets in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(&*decode(encode(&octets).as_bytes()).unwrap(), &octets);
        }
    }
}
