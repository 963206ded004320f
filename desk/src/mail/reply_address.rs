//! Tokens: a reply address that says which ticket and person it was given to, and a link that stops mails.
//!
//! Invariant: a token holds for one ticket, one person and one purpose; whether that person may still read the ticket is asked when it comes back.

use domain::{PersonId, TicketId};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Bytes of the signature in a token: 80 bits cannot be guessed, and leave the address short enough for every mail program.
const SIGNATURE: usize = 10;
/// Digits of base 32 without those that look alike; addresses are often written in lower case on their way.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Purpose {
    Reply,
    Stop,
    Take,
}

fn signature(secret: &str, purpose: Purpose, ticket: TicketId, person: PersonId) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    let purpose = match purpose {
        Purpose::Reply => "reply",
        Purpose::Stop => "stop",
        Purpose::Take => "take",
    };
    mac.update(format!("{purpose} {ticket} {person}").as_bytes());
    Some(mac)
}

fn encode(bytes: &[u8]) -> String {
    let (mut out, mut held, mut bits) = (String::new(), 0_u32, 0);
    for byte in bytes {
        held = (held << 8 | u32::from(*byte)) & 0xffff;
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push(char::from(DIGITS[(held >> bits & 31) as usize]));
        }
    }
    if bits > 0 {
        out.push(char::from(DIGITS[(held << (5 - bits) & 31) as usize]));
    }
    out
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let (mut out, mut held, mut bits) = (vec![], 0_u32, 0);
    for byte in text.bytes() {
        let digit = DIGITS.iter().position(|d| *d == byte.to_ascii_lowercase())?;
        held = (held << 5 | digit as u32) & 0xffff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            out.push((held >> bits & 255) as u8);
        }
    }
    Some(out)
}

/// The token for a ticket and a person: `1042.7.signature`.
pub fn token(secret: &str, purpose: Purpose, ticket: TicketId, person: PersonId) -> String {
    let signed = signature(secret, purpose, ticket, person).map(|mac| encode(&mac.finalize().into_bytes()[..SIGNATURE])).unwrap_or_default();
    format!("{ticket}.{person}.{signed}")
}

/// Reads a token; `None` where it is altered, cut or another's.
pub fn read_token(secret: &str, purpose: Purpose, token: &str) -> Option<(TicketId, PersonId)> {
    let mut parts = token.split('.');
    let (ticket, person, signed) = (parts.next()?, parts.next()?, parts.next()?);
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    let (ticket, person) = (TicketId(plain(ticket)?), PersonId(plain(person)?));
    let signed =
        decode(signed).filter(|_| signed.len() == (SIGNATURE * 8).div_ceil(5)).filter(|bytes| bytes.len() == SIGNATURE && parts.next().is_none())?;
    // Compared in constant time.
    signature(secret, purpose, ticket, person)?.verify_truncated_left(&signed).ok()?;
    Some((ticket, person))
}

/// The address that a person's reply to a ticket goes to: `support+1042.7.signature@…`.
pub fn reply_address(secret: &str, sender: &str, ticket: TicketId, person: PersonId) -> String {
    let (local, domain) = sender.rsplit_once('@').unwrap_or((sender, "localhost"));
    format!("{local}+{}@{domain}", token(secret, Purpose::Reply, ticket, person))
}

/// Reads an address that [`reply_address`] made.
pub fn read_reply_address(secret: &str, address: &str) -> Option<(TicketId, PersonId)> {
    let (local, _) = address.rsplit_once('@')?;
    read_token(secret, Purpose::Reply, local.rsplit_once('+')?.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "a secret of this installation";

    #[test]
    fn an_address_comes_back_whatever_its_case() {
        let address = reply_address(SECRET, "support@x.example", TicketId(1042), PersonId(7));
        assert!(address.starts_with("support+1042.7.") && address.ends_with("@x.example"), "{address}");
        assert!(address.split('@').next().unwrap().len() <= 64);
        for written in [address.clone(), address.to_uppercase()] {
            assert_eq!(read_reply_address(SECRET, &written), Some((TicketId(1042), PersonId(7))));
        }
    }

    #[test]
    fn a_token_that_is_altered_cut_or_for_something_else_is_none() {
        let right = token(SECRET, Purpose::Reply, TicketId(1042), PersonId(7));
        let mut wrong = vec![
            right.replace("1042", "1043"),
            right.replace(".7.", ".8."),
            right[..right.len() - 1].to_owned(),
            format!("{right}.x"),
            format!("+{right}"),
        ];
        wrong.extend(["", ".", "..", "1.2.", "1.2.é", "-1.-2.0000000000000000"].map(str::to_owned));
        for token in wrong {
            assert_eq!(read_token(SECRET, Purpose::Reply, &token), None, "{token}");
        }
        assert_eq!(read_token(SECRET, Purpose::Stop, &right), None);
        assert_eq!(read_token("another secret", Purpose::Reply, &right), None);
    }

    #[test]
    fn digits_give_back_the_bytes() {
        for bytes in [[0_u8; 10], [255; 10], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]] {
            assert_eq!(decode(&encode(&bytes)).unwrap(), bytes);
        }
    }
}
