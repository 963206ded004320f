//! What seeded tickets say: Dutch words as often as words come, a few in every sentence, most of them rarely.

use store::bulk::{Random, Text, Zipf};

/// Word after word, the commonest first.
const LIST: &str = include_str!("words.txt");
/// A word that about every third ticket has, and one that about every hundred-thousandth message has.
pub const COMMON: &str = "factuur";
/// See [`COMMON`]. It is in no other word and in no list.
pub const RARE: &str = "kwartelkoning";
/// Messages from one with the rare word to the next.
const RARELY: u64 = 100_000;

const FIRST: &str = "Marieke Daan Yasmin Ruud Sanne Bram Fleur Joris Anouk Thijs Esra Koen Lotte Mehmet Noor Pieter Roos Stijn Tessa Willem Femke Gijs Hanna Ivo Jolanda Karim Linda Maarten Nienke Omar Petra Quinten Renske Sjoerd Truus Ursula Victor Wendy Xander Yvonne Zeynep Arjan Bianca Cees Dirk Eva Frank Greet Henk Ilse";
const LAST: &str = "Jansen|de Vries|van Loon|Bakker|Visser|Smit|Meijer|de Boer|Mulder|de Groot|Bos|Vos|Peters|Hendriks|van Leeuwen|Dekker|Brouwer|de Wit|Dijkstra|Smits|de Graaf|van der Meer|van Dijk|Kok|Jacobs|de Haan|Vermeulen|van den Heuvel|van der Veen|van den Broek|de Bruijn|Schouten|van Beek|El Amrani|Yilmaz|Kuipers|Postma|Hoekstra|Koster|Prins|Blom|Huisman|Wolters|Scholten|van Vliet|de Ruiter|Maas|Evers|Sanders|Timmermans";
const COMPANY: &str =
    "Bouw|Beton|Techniek|Staal|Logistiek|Hout|Installatie|Transport|Groothandel|Machines|Verf|Infra|Dakwerken|Elektro|Verhuur|Handel|Energie|Voeding";
const PLACE: &str = "Waal Maas Vecht IJssel Linge Eem Amstel Dommel Dinkel Rotte Zaan Schelde Berkel Regge Vliet Gouwe Mark Roer Geul Lek Noord Oost Delta Polder Kade Haven Heide Duin Veen Terp";

/// Draws words.
pub struct Words {
    words: Vec<&'static str>,
    zipf: Zipf,
    messages: u64,
}

impl Default for Words {
    fn default() -> Self {
        let words: Vec<&str> = LIST.split_whitespace().collect();
        let zipf = Zipf::new(words.len(), 1.0);
        Self { words, zipf, messages: 0 }
    }
}

impl Words {
    /// Writes what is wanted.
    pub fn draw(&mut self, text: Text, random: &mut Random) -> String {
        let one = |list: &'static str, by: char, random: &mut Random| random.pick(&list.split(by).collect::<Vec<_>>()).to_owned();
        match text {
            Text::Subject => {
                let words = 3 + random.below(5);
                self.sentence(words, random)
            }
            Text::Message => self.message(random),
            Text::Person => format!("{} {}", one(FIRST, ' ', random), one(LAST, '|', random)),
            Text::Organisation => format!("{} {} {}", one(COMPANY, '|', random), one(PLACE, ' ', random), one(LAST, '|', random)),
        }
    }

    fn message(&mut self, random: &mut Random) -> String {
        let mut text = String::with_capacity(320);
        for paragraph in 0..1 + random.below(3) {
            text.push_str(if paragraph == 0 { "" } else { "\n\n" });
            for sentence in 0..1 + random.below(3) {
                text.push_str(if sentence == 0 { "" } else { " " });
                let words = 5 + random.below(9);
                text.push_str(&self.sentence(words, random));
                text.push('.');
            }
        }
        if self.messages.is_multiple_of(RARELY) {
            text.push(' ');
            text.push_str(RARE);
        }
        self.messages += 1;
        text
    }

    fn sentence(&self, words: u64, random: &mut Random) -> String {
        let mut text = String::with_capacity(words as usize * 8);
        for word in 0..words {
            let next = self.words[self.zipf.draw(random)];
            if word > 0 {
                text.push(' ');
                text.push_str(next);
                continue;
            }
            let mut letters = next.chars();
            text.extend(letters.next().into_iter().flat_map(char::to_uppercase));
            text.push_str(letters.as_str());
        }
        text
    }
}

/// The HTML of a drawn message: what `desk::text::to_html` makes of it, in a hundredth of the time.
pub fn html(text: &str) -> String {
    text.split("\n\n").map(|paragraph| format!("<p>{paragraph}</p>\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_html_is_what_the_desk_makes_of_it() {
        let (mut words, mut random) = (Words::default(), Random::new(3));
        for _ in 0..500 {
            let text = words.draw(Text::Message, &mut random);
            assert_eq!(html(&text), desk::text::to_html(&text));
        }
    }

    #[test]
    fn there_are_many_words_and_each_once() {
        let list: Vec<&str> = LIST.split_whitespace().collect();
        let once: std::collections::HashSet<_> = list.iter().collect();
        assert!(list.len() >= 1_500 && once.len() == list.len());
        assert!(list.contains(&COMMON) && !LIST.contains(RARE));
    }
}
