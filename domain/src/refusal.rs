//! Why a request cannot be met, by meaning. The sentence for the person comes from the translations.

use crate::events::Event;
use crate::hours::Goal;
use crate::tickets::Status;
use serde::{Deserialize, Serialize};

/// A request that cannot be met.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Refusal {
    /// What was filled in needs correcting: every fault at its field, all of them at once.
    Fields(Vec<FieldFault>),
    /// It does not exist, or it is not yours to see: the two cannot be told apart.
    NotFound,
    /// Your role may not do this.
    NotAllowed,
    /// There is no session, or it has ended.
    SignedOut,
    /// Logging in failed; the same for every cause.
    WrongCredentials,
    /// Too many tries; may be tried again after this many seconds.
    Throttled(u32),
    /// The view this was decided on is outdated; these events came after it.
    Outdated(Vec<Event>),
}

impl Refusal {
    /// A refusal for one field.
    pub fn field(field: Field, fault: Fault) -> Self {
        Self::Fields(vec![FieldFault { field, fault }])
    }

    /// The fault at a field, where there is one.
    pub fn at(&self, field: Field) -> Option<&Fault> {
        match self {
            Self::Fields(faults) => faults.iter().find(|f| f.field == field).map(|f| &f.fault),
            _ => None,
        }
    }
}

/// One fault at one field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldFault {
    /// Where.
    pub field: Field,
    /// What.
    pub fault: Fault,
}

/// A field of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Field {
    Cc,
    Urgency,
    Department,
    Subject,
    Description,
    Link,
    Attachments,
    ScreenshotCheck,
    Message,
    Status,
    Assignee,
    Tag,
    Selection,
    Email,
    Password,
    Name,
    Preference,
    Organisation,
    Role,
    Domains,
    Notes,
    NewPassword,
    TimeZone,
    File,
    Setting,
    Code,
    Passkey,
    Scopes,
    Days,
    Confirmation,
    /// How long tickets of a status are kept.
    Kept(Status),
    /// The office hours of a weekday; 0 is Monday.
    Weekday(u8),
    Date,
    /// The last of some dates.
    Until,
    /// The hours of a date.
    Hours,
    Target(Goal),
    /// Why the urgency of a ticket was changed.
    Reason,
    /// What a most urgent ticket stops.
    Stopped,
    /// How many people that stops.
    People,
    /// How one came in.
    LogIn,
    /// The people of a rota.
    Members,
    /// The time of a hand-over.
    Handover,
    /// Whether someone is a key user, in a file.
    KeyUser,
    /// Minutes until the next is told.
    Wait,
    /// The address of a pager.
    Hook,
    /// A browser that is told of alarms.
    Browser,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// Nothing was filled in.
    Missing,
    /// Longer than this many characters.
    TooLong(u32),
    /// More than this many.
    TooMany(u32),
    /// Not one of the choices, or no longer one.
    Unknown,
    /// Not an address that begins with `http://` or `https://`.
    NotALink,
    /// An address inside the network that the server stands in, which its operator has not named.
    Internal,
    /// Ticked, but no image is attached.
    NoScreenshot,
    /// This department asks for a screenshot.
    ScreenshotRequired,
    /// A file of 0 bytes.
    EmptyFile,
    /// A file larger than this many mebibytes.
    TooLarge(u32),
    /// A kind of file that is not accepted.
    ForbiddenKind,
    /// The content is not what the file's name says.
    WrongContent,
    /// It did not arrive whole.
    Interrupted,
    /// A file whose bytes are no longer on disk, or not all of them.
    Gone,
    /// The server's disk has no room for it.
    DiskFull,
    /// A mail could not be sent.
    Unsent,
    /// Not an e-mail address.
    NotAnAddress,
    /// Ends before it begins.
    EndsBefore,
    /// Already taken.
    Taken,
    /// Shorter than this many characters.
    TooShort(u32),
    /// No organisation lets people with an address of this domain come in by themselves.
    NotOpen,
    /// Not the password of the account.
    WrongPassword,
    /// It would leave nobody who can manage accounts.
    LastAdmin,
    /// Not a domain such as `example.com`.
    NotADomain,
    /// It stands twice in one file.
    Twice,
    /// It begins like a formula of a spreadsheet.
    Formula,
    /// The table lacks the columns that are needed.
    NoColumns,
    /// Some rows are wrong.
    WrongRows,
    /// Not the code that was asked for, or one that was used before.
    WrongCode,
    /// Who asks for it of others has to have it themselves first.
    OwnFirst,
    /// Not a number of days that can be chosen.
    NotADay,
    /// Not the address of this person.
    OtherAddress,
    /// Neither yes nor no.
    NotYesOrNo,
    /// It is over already.
    Past,
    /// Not a time such as `8:30`, or not two with a dash between.
    NotATime,
    /// It ends when it begins.
    EmptyInterval,
    /// It ends before it begins: what goes on after midnight is written at the next day.
    CrossesMidnight,
    /// Two intervals of a day overlap.
    Overlaps,
    /// No day of the week has an hour in it.
    NeverOpen,
    /// Not a date that there is.
    NotADate,
    /// Not a length of time such as `4 hours`.
    NotATerm,
    /// Not a calendar as other programs write it.
    NotACalendar,
    /// A date that repeats otherwise than every year.
    RepeatsOtherwise,
    /// Not a number of people.
    NotANumber,
    /// It was too long ago.
    TooLongAgo,
}
