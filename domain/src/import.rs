//! The columns of a file of people and organisations: what is read of it, and by which headings it is known.

use crate::fold::folded;

/// What a column of such a file is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Column {
    Name,
    FirstName,
    /// What stands between first and last name in Dutch: `van der`.
    Infix,
    LastName,
    Email,
    Organisation,
    KeyUser,
    Domains,
}

impl Column {
    /// Every one, as they are offered.
    pub const ALL: [Column; 8] =
        [Column::Name, Column::FirstName, Column::Infix, Column::LastName, Column::Email, Column::Organisation, Column::KeyUser, Column::Domains];

    /// The word in a form and in a URL.
    pub fn word(self) -> &'static str {
        match self {
            Column::Name => "name",
            Column::FirstName => "first_name",
            Column::Infix => "infix",
            Column::LastName => "last_name",
            Column::Email => "email",
            Column::Organisation => "organisation",
            Column::KeyUser => "key_user",
            Column::Domains => "domains",
        }
    }

    /// Reads [`Column::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.word() == word)
    }

    /// The headings that can mean nothing else, without capitals, accents, blanks and signs.
    fn headings(self) -> &'static [&'static str] {
        match self {
            Column::Name => &["naam", "name", "volledigenaam", "fullname", "displayname", "weergavenaam", "naampersoon", "persoon", "nomcomplet"],
            Column::FirstName => &["voornaam", "firstname", "givenname", "forename", "roepnaam", "vorname", "prenom"],
            Column::Infix => &["tussenvoegsel", "tussenvoegsels", "voorvoegsel", "voorvoegsels", "infix"],
            Column::LastName => &["achternaam", "lastname", "surname", "familienaam", "familyname", "nachname", "nomdefamille"],
            Column::Email => {
                &["email", "emailadres", "emailaddress", "emailadresse", "mail", "mailadres", "mailaddress", "epost", "courriel", "adresseemail"]
            }
            Column::Organisation => &[
                "organisatie",
                "organisatienaam",
                "organisation",
                "organization",
                "bedrijf",
                "bedrijfsnaam",
                "company",
                "companyname",
                "klant",
                "klantnaam",
                "customer",
                "relatie",
                "relatienaam",
                "debiteur",
                "debiteurnaam",
                "werkgever",
                "firma",
                "firmanaam",
                "unternehmen",
                "entreprise",
                "societe",
            ],
            Column::KeyUser => &["keyuser", "iskeyuser", "keyuserjanee", "hoofdgebruiker", "sleutelgebruiker"],
            Column::Domains => {
                &["domeinen", "domein", "domains", "domain", "emaildomeinen", "emaildomein", "emaildomains", "emaildomain", "maildomein"]
            }
        }
    }

    /// Parts of headings that mean it where no other column is read as it: `E-mail (werk)`, `Contactpersoon`.
    fn hints(self) -> &'static [&'static str] {
        match self {
            Column::Email => &["email", "mailadres"],
            Column::Name => &["contactpersoon", "contactnaam", "contactname", "ansprechpartner"],
            _ => &[],
        }
    }

    /// What the columns with these headings are read as where nobody chose otherwise: none twice, and none that has to be guessed while another is plain.
    pub fn guess(headings: &[&str]) -> Vec<Option<Column>> {
        let plain: Vec<String> = headings.iter().map(|heading| folded(heading).chars().filter(|c| c.is_alphanumeric()).collect()).collect();
        let mut read = vec![None; headings.len()];
        for column in Self::ALL {
            read_as(column, &plain, &mut read, |heading| column.headings().contains(&heading));
        }
        for column in Self::ALL {
            let is_there = |read: &[Option<Column>]| {
                let parts = [Column::Name, Column::FirstName, Column::LastName];
                read.iter().flatten().any(|other| *other == column || (column == Column::Name && parts.contains(other)))
            };
            if !is_there(&read) {
                read_as(column, &plain, &mut read, |heading| column.hints().iter().any(|hint| heading.contains(hint)));
            }
        }
        read
    }
}

/// Reads the first column that is free and fits.
fn read_as(column: Column, headings: &[String], read: &mut [Option<Column>], fits: impl Fn(&str) -> bool) {
    if let Some(at) = headings.iter().enumerate().position(|(at, heading)| read[at].is_none() && fits(heading)) {
        read[at] = Some(column);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Column::*;

    #[test]
    fn headings_are_read_as_people_write_them() {
        for (headings, is) in [
            ("Naam;E-mail;Organisatie;Key user;Domeinen", vec![Some(Name), Some(Email), Some(Organisation), Some(KeyUser), Some(Domains)]),
            (
                "Voornaam;Tussenvoegsel;Achternaam;E-mailadres;Bedrijfsnaam",
                vec![Some(FirstName), Some(Infix), Some(LastName), Some(Email), Some(Organisation)],
            ),
            ("Bedrijf;Adres;Postcode;Plaats;E-mail", vec![Some(Organisation), None, None, None, Some(Email)]),
            ("Klant;Contactpersoon;E-mail (werk);Telefoon", vec![Some(Organisation), Some(Name), Some(Email), None]),
            ("Naam;Contactpersoon;E-mail;E-mail 2;Klant", vec![Some(Name), None, Some(Email), None, Some(Organisation)]),
            ("Voornaam;Achternaam;Contactpersoon;E-mail;Klant", vec![Some(FirstName), Some(LastName), None, Some(Email), Some(Organisation)]),
            ("First Name,Last Name,Email Address,Company", vec![Some(FirstName), Some(LastName), Some(Email), Some(Organisation)]),
            ("Vorname;Nachname;E-Mail-Adresse;Firma", vec![Some(FirstName), Some(LastName), Some(Email), Some(Organisation)]),
            ("Prénom;Nom de famille;Courriel;Société", vec![Some(FirstName), Some(LastName), Some(Email), Some(Organisation)]),
            ("naam;naam;e-mail;klant;Klantnummer", vec![Some(Name), None, Some(Email), Some(Organisation), None]),
            ("E-maildomein;Organisatie", vec![Some(Domains), Some(Organisation)]),
        ] {
            let headings: Vec<&str> = headings.split([';', ',']).collect();
            assert_eq!(Column::guess(&headings), is, "{headings:?}");
        }
    }

    #[test]
    fn every_column_has_a_word() {
        for column in Column::ALL {
            assert_eq!(Column::from_word(column.word()), Some(column));
        }
        assert_eq!(Column::from_word(""), None);
    }
}
