//! Reading a file of people and organisations: its encoding, its columns, and what is wrong with each row by itself.

use crate::accounts::entry;
use domain::accounts::{self, EmailAddress};
use domain::{Fault, Field, FieldFault};
use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::collections::HashSet;

/// Most rows of a file.
pub const MOST_ROWS: usize = 100_000;

/// What a row would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Outcome {
    Add,
    Change,
    Same,
    Wrong,
}

/// A row of the file.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct Row {
    /// Its line in the file, as a spreadsheet counts.
    pub line: u64,
    pub name: String,
    pub email: String,
    pub organisation: String,
    /// `None` where the file has no column for it: whoever is one stays one.
    pub key_user: Option<bool>,
    pub domains: String,
    pub outcome: Outcome,
    /// Whether the organisation is not there yet.
    pub is_new_organisation: bool,
    /// The name and the organisation that are there now, where the row changes them.
    pub was: (Option<String>, Option<String>),
    /// Whether the row takes the rights of a key user away.
    pub was_key_user: bool,
    pub faults: Vec<FieldFault>,
}

/// A column of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Column {
    Name,
    Email,
    Organisation,
    KeyUser,
    Domains,
}

impl Column {
    /// Reads the words that people write above such a column.
    fn of(heading: &str) -> Option<Self> {
        let heading: String = heading.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
        match heading.as_str() {
            "naam" | "name" | "volledigenaam" | "fullname" => Some(Column::Name),
            "email" | "emailadres" | "emailaddress" | "mail" | "adres" => Some(Column::Email),
            "organisatie" | "organisation" | "organization" | "bedrijf" | "company" | "klant" => Some(Column::Organisation),
            "keyuser" | "contactpersoon" | "contact" => Some(Column::KeyUser),
            "domeinen" | "domein" | "domains" | "domain" => Some(Column::Domains),
            _ => None,
        }
    }
}

/// A file as text: UTF-8, UTF-16 with its mark, or what Windows writes in western Europe. Refuses what is no text.
pub(super) fn text_of(bytes: &[u8]) -> Result<String, Fault> {
    let text = match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).map_err(|_| Fault::WrongContent)?,
        [0xff, 0xfe, rest @ ..] => UTF_16LE.decode_without_bom_handling(rest).0.into_owned(),
        [0xfe, 0xff, rest @ ..] => UTF_16BE.decode_without_bom_handling(rest).0.into_owned(),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
        },
    };
    if text.contains('\0') { Err(Fault::WrongContent) } else { Ok(text) }
}

/// The sign between the cells, as the first line has it.
fn separator(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    [b';', b'\t', b','].into_iter().max_by_key(|sign| first.bytes().filter(|b| b == sign).count()).unwrap_or(b',')
}

/// The rows of a file, with what is wrong with each by itself.
pub(super) fn rows_of(text: &str) -> Result<Vec<Row>, Fault> {
    // One kind of line end, or the lines are counted from the end of the one before.
    let text = text.replace("\r\n", "\n");
    let text = text.as_str();
    let mut reader = csv::ReaderBuilder::new().delimiter(separator(text)).flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let headings = reader.headers().map_err(|_| Fault::WrongContent)?.clone();
    let columns: Vec<Option<Column>> = headings.iter().map(Column::of).collect();
    let at = |column: Column| columns.iter().position(|c| *c == Some(column));
    if at(Column::Organisation).is_none() || (at(Column::Email).is_none() && at(Column::Domains).is_none()) {
        return Err(Fault::NoColumns);
    }
    let (mut rows, mut seen) = (vec![], HashSet::new());
    for record in reader.records() {
        let record = record.map_err(|_| Fault::WrongContent)?;
        if record.iter().all(str::is_empty) {
            continue;
        }
        if rows.len() == MOST_ROWS {
            return Err(Fault::TooMany(MOST_ROWS as u32));
        }
        let cell = |column: Column| at(column).and_then(|at| record.get(at)).unwrap_or_default();
        let line = record.position().map_or(0, csv::Position::line);
        let key_user = at(Column::KeyUser).map(|_| yes_or_no(cell(Column::KeyUser)));
        let cells = [cell(Column::Name), cell(Column::Email), cell(Column::Organisation), cell(Column::Domains)];
        rows.push(row_of(line, cells, key_user, &mut seen));
    }
    if rows.is_empty() { Err(Fault::Missing) } else { Ok(rows) }
}

/// A row whose cells are checked; `seen` are the addresses of the rows before.
fn row_of(line: u64, [name, email, organisation, domains]: [&str; 4], key_user: Option<Option<bool>>, seen: &mut HashSet<String>) -> Row {
    let mut faults = vec![];
    let mut wrong = |field, fault| faults.push(FieldFault { field, fault });
    let formula = |cell: &str| cell.starts_with(['=', '+', '-', '@']);
    let is_person = !(name.is_empty() && email.is_empty());
    if is_person {
        match entry::name(name) {
            Ok(_) if formula(name) => wrong(Field::Name, Fault::Formula),
            Ok(_) => {}
            Err(fault) => wrong(Field::Name, fault),
        }
        match EmailAddress::parse(email) {
            Some(email) if seen.insert(email.as_str().to_owned()) => {}
            Some(_) => wrong(Field::Email, Fault::Twice),
            None => wrong(Field::Email, Fault::NotAnAddress),
        }
    }
    match entry::name(organisation) {
        Ok(_) if formula(organisation) => wrong(Field::Organisation, Fault::Formula),
        Ok(_) => {}
        Err(fault) => wrong(Field::Organisation, fault),
    }
    if words_in(domains).any(|domain| accounts::domain(domain).is_none()) {
        wrong(Field::Domains, Fault::NotADomain);
    }
    if key_user == Some(None) {
        wrong(Field::KeyUser, Fault::NotYesOrNo);
    }
    let outcome = if faults.is_empty() { Outcome::Same } else { Outcome::Wrong };
    Row {
        line,
        name: domain::typed::line(name),
        email: EmailAddress::parse(email).map_or_else(|| email.to_owned(), |email| email.as_str().to_owned()),
        organisation: domain::typed::line(organisation),
        key_user: key_user.flatten(),
        domains: domains.to_owned(),
        outcome,
        is_new_organisation: false,
        was: (None, None),
        was_key_user: false,
        faults,
    }
}

/// An empty cell is no; `None` where it can be read as neither.
fn yes_or_no(cell: &str) -> Option<bool> {
    match cell.to_lowercase().as_str() {
        "1" | "x" | "ja" | "j" | "yes" | "y" | "true" | "waar" => Some(true),
        "" | "0" | "-" | "nee" | "n" | "no" | "false" | "onwaar" => Some(false),
        _ => None,
    }
}

pub(super) fn words_in(domains: &str) -> impl Iterator<Item = &str> {
    domains.split(|c: char| c.is_whitespace() || c == ',' || c == ';' || c == '|').filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcomes(text: &str) -> Vec<(String, Vec<Fault>)> {
        let rows = rows_of(text).unwrap();
        rows.into_iter().map(|row| (row.email, row.faults.into_iter().map(|fault| fault.fault).collect())).collect()
    }

    #[test]
    fn tables_are_read_as_spreadsheets_write_them() {
        let excel = "Naam;E-mail;Organisatie;Key user\r\n\"Jan; de \"\"Man\"\"\";JAN@x.nl;De Waal;ja\r\n;;;\r\n";
        let rows = rows_of(excel).unwrap();
        assert_eq!(
            (rows.len(), rows[0].name.as_str(), rows[0].email.as_str(), rows[0].key_user, rows[0].line),
            (1, "Jan; de \"Man\"", "jan@x.nl", Some(true), 2)
        );
        assert_eq!(rows_of("company\temail\tname\nDe Waal\ta@b.nl\tA\n").unwrap()[0].organisation, "De Waal");
        for wrong in ["", "a,b\n1,2\n", "name,email\nA,a@b.nl\n"] {
            assert_eq!(rows_of(wrong).unwrap_err(), Fault::NoColumns, "{wrong}");
        }
        assert_eq!(rows_of("email,organisation\n").unwrap_err(), Fault::Missing);
    }

    #[test]
    fn a_key_user_is_one_by_yes_and_by_nothing_that_cannot_be_read() {
        let rows = rows_of("naam;e-mail;organisatie;key user\nA;a@b.nl;X;Ja\nB;b@b.nl;X;\nC;c@b.nl;X;nee\nD;d@b.nl;X;misschien\n").unwrap();
        assert_eq!(rows.iter().map(|row| row.key_user).collect::<Vec<_>>(), [Some(true), Some(false), Some(false), None]);
        let wrong = FieldFault { field: Field::KeyUser, fault: Fault::NotYesOrNo };
        assert_eq!(rows.iter().map(|row| row.faults.clone()).collect::<Vec<_>>(), [vec![], vec![], vec![], vec![wrong]]);
        assert_eq!(rows_of("naam;e-mail;organisatie\nA;a@b.nl;X\n").unwrap()[0].key_user, None);
    }

    #[test]
    fn each_row_says_what_is_wrong_with_it() {
        let text = "name,email,organisation,domains\n=1+1,a@b.nl,X,\nA,a,X,\nB,a@b.nl,X,\n,c@b.nl,X,\nD,d@b.nl,,\n,,X,b.nl geen_domein\n,,Y,y.nl\n";
        let wrong: Vec<Vec<Fault>> = outcomes(text).into_iter().map(|(_, faults)| faults).collect();
        let expected = [
            vec![Fault::Formula],
            vec![Fault::NotAnAddress],
            vec![Fault::Twice],
            vec![Fault::Missing],
            vec![Fault::Missing],
            vec![Fault::NotADomain],
            vec![],
        ];
        assert_eq!(wrong, expected);
    }

    #[test]
    fn files_are_read_in_the_encodings_people_have() {
        for bytes in [
            b"\xef\xbb\xbfz\xc3\xab".to_vec(),
            "zë".as_bytes().to_vec(),
            b"z\xeb".to_vec(),
            b"\xff\xfez\0\xeb\0".to_vec(),
            b"\xfe\xff\0z\0\xeb".to_vec(),
        ] {
            assert_eq!(text_of(&bytes).unwrap(), "zë");
        }
        assert_eq!(text_of(b"PK\x03\x04\0\0\0").unwrap_err(), Fault::WrongContent);
    }

    #[test]
    fn more_rows_than_are_taken_are_refused_by_their_number() {
        let mut text = String::from("email,organisation,name\n");
        for n in 0..=MOST_ROWS {
            text.push_str(&format!("a{n}@b.nl,X,A\n"));
        }
        assert_eq!(rows_of(&text).unwrap_err(), Fault::TooMany(MOST_ROWS as u32));
    }
}
