//! A request that cannot be met, or something that broke.

use domain::Refusal;
use std::fmt;
use std::io;

/// Why a use case did not do what it was asked.
#[derive(Debug)]
pub enum Error {
    /// It cannot be done, and the person is told why.
    Refused(Refusal),
    /// The database failed.
    Store(store::Error),
    /// The files failed.
    Files(io::Error),
}

/// The result of every use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// What the person is told, where it is theirs to mend.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Error::Refused(refusal) => Some(refusal),
            Error::Store(_) | Error::Files(_) => None,
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Error::Refused(refusal)
    }
}
impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Error::Store(error)
    }
}
impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Error::Files(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Refused(refusal) => write!(f, "refused: {refusal:?}"),
            Error::Store(error) => error.fmt(f),
            Error::Files(error) => write!(f, "the files failed: {error}"),
        }
    }
}

impl std::error::Error for Error {}
