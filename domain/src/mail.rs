//! What became of a mail that came in, where it did not become a message: why, for whoever looks after mail.

use serde::{Deserialize, Serialize};

/// Why a mail was set aside, or stands on a ticket without being a message. How it is kept is part of the tables: a variant is never renamed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
#[allow(missing_docs, reason = "said by the variants")]
pub enum MailReason {
    /// It has no sender.
    NoSender,
    /// It claims to be from an address of the desk.
    OwnAddress,
    /// The desk itself sent it.
    OwnMail,
    /// It claims to be from staff, and nothing proves it.
    StaffUnproven { name: String },
    /// It claims to be from staff, and DNS did not answer when it was asked whether it is.
    StaffUnasked { name: String },
    /// Nobody with an account has the address of its sender.
    NoAccount,
    /// The account with the address of its sender is disabled.
    AccountDisabled,
    /// It came to a reply address from an address that is not that person's.
    OtherReplyAddress,
    /// More came of its sender in an hour than is read.
    SenderFlood { most: i64 },
    /// More came of its sender on this ticket in an hour than is read.
    TicketFlood { most: i64 },
    /// More people made themselves known by mail in an hour than are let in.
    NewcomerFlood { most: i64 },
    /// Mails cannot be sent to the address of its sender.
    NotAnAddress,
    /// Its sender, or whose mail was forwarded, belongs to no organisation.
    NoOrganisation,
    /// Staff open tickets by forwarding what a customer wrote, and this is none of that.
    NothingForwarded,
    /// Who wrote what was forwarded has no account.
    ForwardedStranger { address: String },
    /// A rule of the desk refused it.
    Refused { what: String },
    /// Reading it broke, again and again.
    Broken { error: String },
    /// It is larger than is taken, and still in its mailbox.
    TooLarge { most: u32, mailbox: String, number: u32 },
    /// A program sent it; how it begins.
    Automatic { said: String },
    /// It answers for someone who is away; how it begins.
    Absence { said: String },
    /// A program or a person sent it; how it begins.
    Doubtful { said: String },
    /// A mail of the desk did not arrive; what the mail server said.
    Bounced { said: String },
    /// A mail of the desk is late, or arrived.
    Late,
    /// It tells of a mail that did not arrive, and none of the desk's is found by it; what the mail server said.
    UnknownBounce { said: String },
    /// The same mail came by another way too.
    Copy,
    /// As an earlier version of the program wrote it.
    Other { text: String },
}
