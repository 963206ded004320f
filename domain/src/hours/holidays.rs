//! Days on which an office is closed every year.

use crate::time::{day_number, weekday};
use serde::{Deserialize, Serialize};

/// A public holiday of the Netherlands (Algemene termijnenwet, article 3, with Good Friday and 5 May, which many offices keep).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Holiday {
    NewYear,
    GoodFriday,
    Easter,
    EasterMonday,
    KingsDay,
    LiberationDay,
    Ascension,
    Whitsun,
    WhitMonday,
    Christmas,
    BoxingDay,
}

impl Holiday {
    /// Each of them, in the order of the year.
    pub const ALL: [Self; 11] = [
        Self::NewYear,
        Self::GoodFriday,
        Self::Easter,
        Self::EasterMonday,
        Self::KingsDay,
        Self::LiberationDay,
        Self::Ascension,
        Self::Whitsun,
        Self::WhitMonday,
        Self::Christmas,
        Self::BoxingDay,
    ];

    /// The word in forms and in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::NewYear => "new_year",
            Self::GoodFriday => "good_friday",
            Self::Easter => "easter",
            Self::EasterMonday => "easter_monday",
            Self::KingsDay => "kings_day",
            Self::LiberationDay => "liberation_day",
            Self::Ascension => "ascension",
            Self::Whitsun => "whitsun",
            Self::WhitMonday => "whit_monday",
            Self::Christmas => "christmas",
            Self::BoxingDay => "boxing_day",
        }
    }

    /// Reads [`Self::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|holiday| holiday.word() == word)
    }

    /// The day it falls on in a year, as days since 1970-01-01.
    pub fn day(self, year: i32) -> i64 {
        let fixed = |month, day| day_number(year, month, day).unwrap_or_default();
        match self {
            Self::NewYear => fixed(1, 1),
            Self::GoodFriday => easter(year) - 2,
            Self::Easter => easter(year),
            Self::EasterMonday => easter(year) + 1,
            // On a Sunday it is kept the day before.
            Self::KingsDay => fixed(4, 27) - i64::from(weekday(fixed(4, 27)) == 6),
            Self::LiberationDay => fixed(5, 5),
            Self::Ascension => easter(year) + 39,
            Self::Whitsun => easter(year) + 49,
            Self::WhitMonday => easter(year) + 50,
            Self::Christmas => fixed(12, 25),
            Self::BoxingDay => fixed(12, 26),
        }
    }
}

/// Easter Sunday of a year, as days since 1970-01-01 (the anonymous Gregorian computus; Meeus, "Astronomical Algorithms", chapter 8).
pub fn easter(year: i32) -> i64 {
    let a = year.rem_euclid(19);
    let (b, c) = (year.div_euclid(100), year.rem_euclid(100));
    let (d, e) = (b.div_euclid(4), b.rem_euclid(4));
    let f = (b + 8).div_euclid(25);
    let g = (b - f + 1).div_euclid(3);
    let h = (19 * a + b - d - g + 15).rem_euclid(30);
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k).rem_euclid(7);
    let m = (a + 11 * h + 22 * l).div_euclid(451);
    let n = h + l - 7 * m + 114;
    day_number(year, (n / 31) as u8, (n % 31 + 1) as u8).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::date;

    #[test]
    fn easter_moves_as_the_tables_say() {
        for (year, month, day) in
            [(1961, 4, 2), (2000, 4, 23), (2008, 3, 23), (2024, 3, 31), (2025, 4, 20), (2026, 4, 5), (2027, 3, 28), (2038, 4, 25)]
        {
            assert_eq!(date(easter(year)), (year, month, day));
        }
    }

    #[test]
    fn the_dutch_holidays_of_two_years() {
        let days = |year| Holiday::ALL.map(|h| date(h.day(year))).map(|(_, m, d)| (m, d));
        assert_eq!(days(2026), [(1, 1), (4, 3), (4, 5), (4, 6), (4, 27), (5, 5), (5, 14), (5, 24), (5, 25), (12, 25), (12, 26)]);
        // In 2025 the 27th of April was a Sunday.
        assert_eq!(date(Holiday::KingsDay.day(2025)), (2025, 4, 26));
        for holiday in Holiday::ALL {
            assert_eq!(Holiday::from_word(holiday.word()), Some(holiday));
        }
    }
}
