//! Reading a file of people and organisations: its encoding, its columns, and what is wrong with each row by itself.

use crate::accounts::registration;
use domain::accounts::{self, EmailAddress};
use domain::import::Column;
use domain::{Fault, Field, FieldFault, typed};
use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::collections::HashSet;

/// Most rows of a file.
pub const MOST_ROWS: usize = 100_000;
/// Most columns that can be chosen from; what is beyond them is not read.
const MOST_COLUMNS: usize = 100;
/// Most characters of a heading and of an example that are shown.
const MOST_SHOWN: usize = 60;

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

/// A column of the file, and what it is read as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// What stands above it.
    pub text: String,
    /// What stands in it, of the first row that has something there.
    pub example: String,
    /// `None` where it is not read.
    pub column: Option<Column>,
}

/// A file as it is read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Read {
    pub headings: Vec<Heading>,
    /// `None` where columns lack without which nothing can be read.
    pub rows: Option<Vec<Row>>,
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

/// The table in a text without what some programs write above it: lines with nothing in them, and one that says what separates the cells. Gives how many lines it left out, and the separator.
fn table_of(text: &str) -> (u64, u8, &str) {
    let (mut rest, mut left_out, mut said) = (text, 0, None);
    while let Some((line, below)) = rest.split_once('\n') {
        let line = line.trim_end_matches('\r');
        let bare = line.trim_matches('"');
        let sign = bare.get(..4).filter(|start| start.eq_ignore_ascii_case("sep=")).map(|_| &bare.as_bytes()[4..]);
        match sign {
            Some([sign]) if said.is_none() && sign.is_ascii() && !sign.is_ascii_alphanumeric() => said = Some(*sign),
            _ if line.chars().all(|c| c.is_whitespace() || matches!(c, ';' | ',' | '"')) => {}
            _ => break,
        }
        (rest, left_out) = (below, left_out + 1);
    }
    (left_out, said.unwrap_or_else(|| separator(rest)), rest)
}

/// The sign between the cells, as the first line has it outside of quotes.
fn separator(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    let outside: Vec<&str> = first.split('"').step_by(2).collect();
    let count = |sign: u8| outside.iter().map(|part| part.bytes().filter(|b| *b == sign).count()).sum::<usize>();
    [b'|', b',', b'\t', b';'].into_iter().max_by_key(|sign| count(*sign)).filter(|sign| count(*sign) > 0).unwrap_or(b',')
}

/// What the columns are read as: as chosen, one for each, or else as their headings say.
fn columns_of(headings: &csv::StringRecord, chosen: &[Option<Column>]) -> Vec<Option<Column>> {
    let headings: Vec<&str> = headings.iter().take(MOST_COLUMNS).collect();
    if chosen.len() != headings.len() {
        return Column::guess(&headings);
    }
    let mut seen = HashSet::new();
    chosen.iter().map(|column| column.filter(|column| seen.insert(*column))).collect()
}

/// A file with what its columns are read as, and its rows with what is wrong with each by itself. Refuses what is no table, and one without rows.
pub(super) fn rows_of(text: &str, chosen: &[Option<Column>]) -> Result<Read, Fault> {
    // One kind of line end, or the lines are counted from the end of the one before.
    let text = text.replace("\r\n", "\n");
    let (left_out, separator, table) = table_of(&text);
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).flexible(true).trim(csv::Trim::All).from_reader(table.as_bytes());
    let headings = reader.headers().map_err(|_| Fault::WrongContent)?.clone();
    if headings.len() < 2 {
        return Err(Fault::NoColumns);
    }
    let columns = columns_of(&headings, chosen);
    let mut headings: Vec<Heading> = headings
        .iter()
        .zip(&columns)
        .map(|(text, column)| Heading { text: typed::name(text).chars().take(MOST_SHOWN).collect(), example: String::new(), column: *column })
        .collect();
    let at = |column: Column| columns.iter().position(|c| *c == Some(column));
    let is_enough = at(Column::Organisation).is_some() && (at(Column::Email).is_some() || at(Column::Domains).is_some());
    let (mut rows, mut seen, mut any) = (vec![], HashSet::new(), false);
    for record in reader.records() {
        let record = record.map_err(|_| Fault::WrongContent)?;
        if record.iter().all(str::is_empty) {
            continue;
        }
        any = true;
        for (heading, cell) in headings.iter_mut().zip(&record) {
            if heading.example.is_empty() && !cell.is_empty() {
                heading.example = typed::name(cell).chars().take(MOST_SHOWN).collect();
            }
        }
        if rows.len() == MOST_ROWS {
            return Err(Fault::TooMany(MOST_ROWS as u32));
        }
        let cell = |column: Column| at(column).and_then(|at| record.get(at)).unwrap_or_default();
        let line = record.position().map_or(0, csv::Position::line) + left_out;
        let key_user = at(Column::KeyUser).map(|_| yes_or_no(cell(Column::KeyUser)));
        let parts = [Column::FirstName, Column::Infix, Column::LastName].map(cell);
        let name = if cell(Column::Name).is_empty() { parts.join(" ") } else { cell(Column::Name).to_owned() };
        if is_enough {
            rows.push(row_of(line, [name.trim(), cell(Column::Email), cell(Column::Organisation), cell(Column::Domains)], key_user, &mut seen));
        } else if headings.iter().all(|heading| !heading.example.is_empty()) {
            break;
        }
    }
    if any { Ok(Read { headings, rows: is_enough.then_some(rows) }) } else { Err(Fault::Missing) }
}

/// A row whose cells are checked; `seen` are the addresses of the rows before.
fn row_of(line: u64, [name, email, organisation, domains]: [&str; 4], key_user: Option<Option<bool>>, seen: &mut HashSet<String>) -> Row {
    let mut faults = vec![];
    let mut wrong = |field, fault| faults.push(FieldFault { field, fault });
    let formula = |cell: &str| cell.starts_with(['=', '+', '-', '@']);
    let is_person = !(name.is_empty() && email.is_empty());
    if is_person {
        match registration::name(name) {
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
    match registration::name(organisation) {
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
        name: typed::name(name),
        email: EmailAddress::parse(email).map_or_else(|| email.to_owned(), |email| email.as_str().to_owned()),
        organisation: typed::name(organisation),
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

    fn rows(text: &str) -> Vec<Row> {
        rows_of(text, &[]).unwrap().rows.unwrap()
    }

    fn refused(text: &str) -> Fault {
        rows_of(text, &[]).unwrap_err()
    }

    fn outcomes(text: &str) -> Vec<(String, Vec<Fault>)> {
        let rows = rows(text);
        rows.into_iter().map(|row| (row.email, row.faults.into_iter().map(|fault| fault.fault).collect())).collect()
    }

    #[test]
    fn tables_are_read_as_spreadsheets_write_them() {
        let excel = "Naam;E-mail;Organisatie;Key user\r\n\"Jan; de \"\"Man\"\"\";JAN@x.nl;De Waal;ja\r\n;;;\r\n";
        let found = rows(excel);
        assert_eq!(
            (found.len(), found[0].name.as_str(), found[0].email.as_str(), found[0].key_user, found[0].line),
            (1, "Jan; de \"Man\"", "jan@x.nl", Some(true), 2)
        );
        assert_eq!(rows("company\temail\tname\nDe Waal\ta@b.nl\tA\n")[0].organisation, "De Waal");
        for wrong in ["", "zomaar een tekst\n", "naam\nA\n"] {
            assert_eq!(refused(wrong), Fault::NoColumns, "{wrong}");
        }
        for lacking in ["a,b\n1,2\n", "name,email\nA,a@b.nl\n"] {
            assert_eq!(rows_of(lacking, &[]).unwrap().rows, None, "{lacking}");
        }
        assert_eq!(refused("email,organisation\n"), Fault::Missing);
    }

    #[test]
    fn a_key_user_is_one_by_yes_and_by_nothing_that_cannot_be_read() {
        let found = rows("naam;e-mail;organisatie;key user\nA;a@b.nl;X;Ja\nB;b@b.nl;X;\nC;c@b.nl;X;nee\nD;d@b.nl;X;misschien\n");
        assert_eq!(found.iter().map(|row| row.key_user).collect::<Vec<_>>(), [Some(true), Some(false), Some(false), None]);
        let wrong = FieldFault { field: Field::KeyUser, fault: Fault::NotYesOrNo };
        assert_eq!(found.iter().map(|row| row.faults.clone()).collect::<Vec<_>>(), [vec![], vec![], vec![], vec![wrong]]);
        assert_eq!(rows("naam;e-mail;organisatie\nA;a@b.nl;X\n")[0].key_user, None);
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
        assert_eq!(refused(&text), Fault::TooMany(MOST_ROWS as u32));
    }

    #[test]
    fn what_programs_write_above_a_table_is_not_its_first_line() {
        let table = "naam;e-mail;organisatie\nA, van;a@b.nl;X\n";
        for (above, line) in [("", 2), ("\n", 3), ("sep=;\n", 3), ("\"sep=;\"\n\n", 4), ("\r\nSEP=;\r\n;;;\r\n", 5)] {
            let found = rows(&format!("{above}{table}"));
            assert_eq!((found[0].name.as_str(), found[0].line), ("A, van", line), "{above:?}");
        }
        assert_eq!(rows("sep=,\nnaam,e-mail,organisatie\nA;B,a@b.nl,X\n")[0].name, "A;B");
        assert_eq!(rows("sep=\t\nnaam\te-mail\torganisatie\nA\ta@b.nl\tX\n")[0].name, "A");
        assert_eq!(rows("\"naam, voluit\";naam;e-mail;organisatie\nx;A;a@b.nl;X\n")[0].name, "A");
        assert_eq!(rows("naam|e-mail|organisatie\nA|a@b.nl|X\n")[0].name, "A");
        assert_eq!(refused("sep=;\n"), Fault::NoColumns);
    }

    #[test]
    fn a_name_is_one_cell_or_its_parts() {
        let text = "Voornaam;Tussenvoegsel;Achternaam;E-mailadres;Bedrijf;Adres;Contactpersoon\nMarieke;van der;Loon;m@b.nl;De Waal;Kade 1;Piet\nRuud;;Smit;r@b.nl;De Waal;;\n";
        assert_eq!(rows(text).iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["Marieke van der Loon", "Ruud Smit"]);
        assert!(rows(text).iter().all(|row| row.faults.is_empty() && row.key_user.is_none()));
    }

    #[test]
    fn columns_are_read_as_they_are_chosen_and_each_says_what_it_is_read_as() {
        let text = "Wie;Adres;Waar\n;;\nA;a@b.nl;X\nB;b@b.nl;\n";
        let read = rows_of(text, &[]).unwrap();
        assert_eq!(read.rows, None);
        let read: Vec<_> = read.headings.iter().map(|heading| (heading.text.as_str(), heading.example.as_str(), heading.column)).collect();
        assert_eq!(read, [("Wie", "A", None), ("Adres", "a@b.nl", None), ("Waar", "X", None)]);
        let chosen = [Some(Column::Name), Some(Column::Email), Some(Column::Organisation)];
        let found = rows_of(text, &chosen).unwrap();
        assert_eq!(found.headings.iter().map(|heading| heading.column).collect::<Vec<_>>(), chosen);
        assert_eq!(found.rows.unwrap().iter().map(|row| (row.name.as_str(), row.faults.len())).collect::<Vec<_>>(), [("A", 0), ("B", 1)]);
        // One column for each, and as many as there are, or it was chosen for another file.
        let twice = [Some(Column::Email), Some(Column::Email), Some(Column::Organisation)];
        assert_eq!(rows_of(text, &twice).unwrap().headings[1].column, None);
        assert_eq!(rows_of(text, &chosen[..2]).unwrap().rows, None);
    }
}
