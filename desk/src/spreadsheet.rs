//! Tables for spreadsheets: CSV that opens by a double click, with its letters and columns as they are, and without a formula.

use crate::{Error, Result};
use domain::accounts::Language;

/// What tells Excel that a file is UTF-8 (Unicode, byte order mark): without it, it takes the encoding of its computer.
const MARK: &str = "\u{feff}";

/// What stands between cells where spreadsheets have this language: Dutch ones write decimals with a comma, and separate cells by a semicolon.
fn separator(language: Language) -> u8 {
    match language {
        Language::Nl => b';',
        Language::En => b',',
    }
}

/// A part of a table as CSV (RFC 4180).
pub(crate) struct Sheet(csv::Writer<Vec<u8>>, &'static str);

impl Sheet {
    /// The beginning of a file.
    pub fn begin(language: Language) -> Self {
        Self(Self::more(language).0, MARK)
    }

    /// What comes after.
    pub fn more(language: Language) -> Self {
        Self(csv::WriterBuilder::new().delimiter(separator(language)).terminator(csv::Terminator::CRLF).from_writer(vec![]), "")
    }

    /// Adds a row; no cell of it is a formula.
    pub fn row(&mut self, cells: impl IntoIterator<Item: AsRef<str>>) -> Result<()> {
        self.0.write_record(cells.into_iter().map(|cell| harmless(cell.as_ref()))).map_err(|_| broken())
    }

    /// It as a text.
    pub fn finish(self) -> Result<String> {
        let bytes = self.0.into_inner().map_err(|_| broken())?;
        Ok(format!("{}{}", self.1, String::from_utf8_lossy(&bytes)))
    }
}

fn broken() -> Error {
    std::io::Error::other("CSV").into()
}

/// A cell that no spreadsheet takes for a formula (OWASP, CSV Injection), nor any part of it where the spreadsheet separates cells otherwise.
fn harmless(cell: &str) -> String {
    let mut out = String::with_capacity(cell.len() + 1);
    let mut begins = true;
    for c in cell.chars() {
        if begins && matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠') {
            out.push('\'');
        }
        begins = matches!(c, ';' | ',' | '\t' | '\n' | '\r') || (begins && matches!(c, ' ' | '"'));
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_whatever_separates_cells() {
        for (cell, safe) in [
            ("", ""),
            ("Ruud", "Ruud"),
            ("a=b - c", "a=b - c"),
            ("2026-11-24T10:00:00Z", "2026-11-24T10:00:00Z"),
            ("=1+1", "'=1+1"),
            (" =1+1", " '=1+1"),
            ("x;=cmd|'/c calc'!A1;y", "x;'=cmd|'/c calc'!A1;y"),
            ("x,=cmd|'/c calc'!A1,y", "x,'=cmd|'/c calc'!A1,y"),
            ("x;\"=1\"", "x;\"'=1\""),
            ("een\n-twee", "een\n'-twee"),
            ("\t@x", "'\t'@x"),
            ("＝1", "'＝1"),
        ] {
            assert_eq!(harmless(cell), safe);
        }
    }

    #[test]
    fn a_file_opens_in_the_spreadsheet_of_its_reader() {
        let file = |language| {
            let mut sheet = Sheet::begin(language);
            sheet.row(["naam", "uren"]).unwrap();
            sheet.row(["Zoë; de \"eerste\", =1", "1,5"]).unwrap();
            let mut more = Sheet::more(language);
            more.row(["=2", ""]).unwrap();
            sheet.finish().unwrap() + &more.finish().unwrap()
        };
        assert_eq!(file(Language::Nl), "\u{feff}naam;uren\r\n\"Zoë; de \"\"eerste\"\", '=1\";1,5\r\n'=2;\r\n");
        assert_eq!(file(Language::En), "\u{feff}naam,uren\r\n\"Zoë; de \"\"eerste\"\", '=1\",\"1,5\"\r\n'=2,\r\n");
    }
}
