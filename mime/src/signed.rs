//! A mail that is inside its own S/MIME signature (RFC 8551, 3.5.2; RFC 5652).
//!
//! Invariant: what comes out was in what came in, and nothing is said of whether the signature is right.

use asn1_rs::{Any, Class, FromBer, Tag};

/// `id-signedData` (RFC 5652, 5.1), as it is encoded.
const SIGNED: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// Octets in pieces are pieces themselves, at most this deep.
const DEEPEST: usize = 4;

/// Whether these bytes are signed data, with or without what was signed.
pub(crate) fn is_signed(contents: &[u8]) -> bool {
    signed_data(contents).is_some()
}

/// The mail that was signed, where it is inside.
pub(crate) fn opened(contents: &[u8]) -> Option<Vec<u8>> {
    let signed = signed_data(contents)?;
    let (rest, _version) = next(signed)?;
    let (rest, _digests) = next(rest)?;
    let (_, encapsulated) = next(rest)?;
    let (rest, _type) = next(encapsulated.data)?;
    let (_, explicit) = next(rest)?;
    let mut mail = vec![];
    gather(explicit.data, 0, &mut mail)?;
    Some(mail)
}

/// What is in `SignedData`.
fn signed_data(contents: &[u8]) -> Option<&[u8]> {
    let (_, info) = next(contents)?;
    let (rest, kind) = next(info.data)?;
    if info.tag() != Tag::Sequence || kind.tag() != Tag::Oid || kind.data != SIGNED {
        return None;
    }
    let (_, explicit) = next(rest)?;
    Some(next(explicit.data)?.1.data)
}

fn next(bytes: &[u8]) -> Option<(&[u8], Any<'_>)> {
    Any::from_ber(bytes).ok()
}

/// Octets are in one piece, or in several that follow each other.
fn gather(bytes: &[u8], depth: usize, out: &mut Vec<u8>) -> Option<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let (after, any) = next(rest)?;
        if any.class() != Class::Universal || any.tag() != Tag::OctetString || depth > DEEPEST {
            return None;
        }
        if any.header.constructed() {
            gather(any.data, depth + 1, out)?
        } else {
            out.extend(any.data)
        }
        rest = after;
    }
    Some(())
}
