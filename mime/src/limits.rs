//! How much of a mail is read, and why no more.
//!
//! Invariant: nothing that is kept of a mail grows beyond these, or beyond the mail itself.

/// Most parts that are read: mail programs make a handful, and a forwarded folder of a thousand mails still fits.
pub const MAX_PARTS: usize = 1_000;
/// Deepest nesting of parts: people reach five, and every level is compared at every line that looks like a boundary.
pub const MAX_DEPTH: usize = 100;
/// Longest boundary: RFC 2046 allows 70 bytes, and a long one would be compared at every line.
pub const MAX_BOUNDARY: usize = 1_000;
/// Signatures around each other that are opened: one is in use, and each doubles what a mail may come to.
pub const MAX_SIGNATURES: usize = 1;
/// Most header fields that are kept of one part: real mail has about a hundred, and a mail of empty fields would fill memory.
pub const MAX_FIELDS: usize = 2_000;
/// Longest field of running text that is read: a subject is shown at 500 characters, each at most 12 bytes encoded, with room to spare.
pub const MAX_FIELD: usize = 64 << 10;
/// Longest field about a part's content that is read: a name of 255 bytes fits nine times over, and its parser compares parameters with each other.
pub const MAX_CONTENT_FIELD: usize = 8 << 10;
/// Longest field of addresses that is read: 10,000 recipients of 200 bytes.
pub const MAX_ADDRESS_FIELD: usize = 2 << 20;
/// Most recipients that are counted: more is a mailing, and the number says enough.
pub const MAX_COUNTED: usize = 10_000;
/// Most recipients that are kept of To, and of Cc: nobody looks at more.
pub const MAX_KEPT: usize = 1_000;
/// Most addresses kept that the mail was delivered to: each server on its way adds one.
pub const MAX_DELIVERED: usize = 100;
/// Longest address in bytes: RFC 5321 comes to 320, and wrappers of forwarders make it longer.
pub const MAX_ADDRESS: usize = 1_000;
/// Longest name of a person in characters: what a screen can show, and more.
pub const MAX_NAME: usize = 200;
/// Longest subject in characters.
pub const MAX_SUBJECT: usize = 500;
/// Longest Message-ID in bytes: a line of 998 (RFC 5322) without its brackets and space.
pub const MAX_ID: usize = 995;
/// Most Message-IDs kept of In-Reply-To, and of References: the last are the nearest in the thread.
pub const MAX_IDS: usize = 100;
/// Most bytes of plain text that are kept: a thousand pages.
pub const MAX_TEXT: usize = 2 << 20;
/// Most bytes of HTML that are kept: Office writes ten bytes for every one of text, and a tree of it takes some three hundred times its size at worst.
pub const MAX_HTML: usize = 1 << 20;
/// Longest name of a file in bytes: what common file systems take.
pub const MAX_FILE_NAME: usize = 255;
/// Most recipients kept of a report about delivery.
pub const MAX_UNDELIVERED: usize = 1_000;
/// Longest diagnostic in characters: what a server said, on a line.
pub const MAX_DIAGNOSTIC: usize = 500;
/// Bytes of a plain text bounce in which addresses and codes are looked for: the mail that came back follows.
pub const MAX_BOUNCE_TEXT: usize = 16 << 10;
/// Most lines in the header of a mail that was forwarded in the text: one with long lists of recipients.
pub const MAX_FORWARD_LINES: usize = 60;
/// Most sealed parts that are named, and most oddities that are told: a screen says it once.
pub const MAX_TOLD: usize = 20;
