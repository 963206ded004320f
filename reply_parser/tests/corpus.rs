//! The samples of two well-known projects: every reply is kept whole, and nearly every quote is folded.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use mail_parser::MessageParser;
use std::path::PathBuf;

/// A sample, what the reply has to hold (its first line, lines between, its last line), and what has to be folded.
struct Sample(&'static str, &'static [&'static str], &'static [&'static str]);

const TEXTS: [Sample; 22] = [
    Sample("correct_sig", &["this is an email with a correct -- signature."], &["rick"]),
    Sample("email_1_1", &["Hi folks", "I am currently using the Java HTTP API.", "-Abhishek Kona"], &[]),
    Sample(
        "email_1_2",
        &["Hi,", "You can list the keys for the bucket", "riakClient.delete(bucket, key);", "need to delete them all individually.\""],
        &["On Tue, 2011-03-01", "> Hi folks", "> -Abhishek Kona", "> http://lists.basho.com"],
    ),
    Sample(
        "email_1_3",
        &["Oh thanks.", "Having the function would be great.", "-Abhishek Kona"],
        &["On 01/03/11", "> Hi,", ">> Hi folks", "> You can list"],
    ),
    Sample("email_1_4", &["Awesome! I haven't had another problem with it."], &["On Aug 22", "> Loader"]),
    Sample("email_1_5", &["One: Here's what I've got.", "- And another one", "for a while."], &[]),
    Sample("email_1_6", &["I get proper rendering as well."], &["On Dec 16", "<reply@reply.github.com>", "> Was this"]),
    Sample("email_1_7", &[":+1:"], &["On Tue, Sep 25", "<notifications@github.com>wrote:", "> Steps 0-2"]),
    Sample(
        "email_1_8",
        &["I will reply under this one", "and under this."],
        &["On Tue, Apr 29, 2014 at 4:22", "> okay.", "> okay?", "> -- Tim", "Hey there, this is my signature"],
    ),
    Sample("email_2_1", &["Outlook with a reply"], &["Google Apps Sync Team", "Thursday, February 09", "Dear Google", "Sincerely", "-----"]),
    Sample("email_2_2", &["Outlook with a reply directly above line"], &["____", "From: CRM", "A new comment", "I am replying"]),
    Sample("email_2_3", &["Outlook with a reply directly above line"], &["From: CRM", "> A new comment", "> I am replying"]),
    Sample("email_BlackBerry", &["Here is another email"], &["Sent from my BlackBerry"]),
    Sample(
        "email_bullets",
        &["test 2 this should list second", "- how about bullets", "- and another"],
        &["On Fri, Feb 24", "> Give us", "Joe Smith"],
    ),
    Sample("email_iPhone", &["Here is another email"], &["Sent from my iPhone"]),
    Sample("email_long_quote", &["Hi folks", "asdf", "I am currently using the Java HTTP API.", "-Abhishek Kona"], &[]),
    Sample("email_multi_word_sent_from_my_mobile_device", &["Here is another email"], &["Sent from my Verizon"]),
    Sample(
        "email_one_is_not_on",
        &["Thank, this is really helpful.", "One outstanding question I had:", "Locally (on development), when I run..."],
        &["On Oct 1", "> The good news"],
    ),
    Sample("email_sent_from_my_not_signature", &["Here is another email", "Sent from my desk, is much easier then my mobile phone."], &[]),
    Sample("email_sig_delimiter_in_middle_of_line", &["Hi there!", "And here is a fix -- this is not a signature.", "kthxbai"], &[]),
    Sample(
        "greedy_on",
        &["On your remote host you can run:", "telnet 127.0.0.1 52698", "fails, the tunnel is not working."],
        &["On 9 Jan 2014", "> I am having"],
    ),
    Sample("pathological", &["I think you're onto something.", "get back to a computer."], &["On Dec 8, 2013", "> I think your code", "> query:"]),
];

const MAILS: [Sample; 12] = [
    Sample("android", &["Hello"], &["пользователь", "написал", "Hi"]),
    Sample("aol", &["Hello"], &["Original Message", "From:", "Hi"]),
    Sample("apple_mail", &["Hello"], &["On Apr 3", "> Hi"]),
    Sample("apple_mail_2", &["Hello"], &["On 22 Aug", "> Hi there!"]),
    Sample("comcast", &["Hello"], &["Original Message", "From:", "Hi"]),
    Sample("gmail", &["Hello"], &["On Mon", "Hi"]),
    Sample("hotmail", &["Hello"], &["Subject:", "From:", "Hi"]),
    Sample("iphone", &["Hello"], &["Sent from", "On Apr 3", "> Hi"]),
    Sample("outlook", &["Hello"], &["From:", "The manager", "Unsubscribe"]),
    Sample("sparrow", &["Hello"], &["Sent with Sparrow", "On Tuesday", "On Apr 3", "Hi"]),
    Sample("thunderbird", &["Hello"], &["On 04/02/2012", "> Hi"]),
    Sample("yahoo", &["Hello"], &["Original Message", "From:", "Hi"]),
];

const HTML: [&str; 9] =
    ["gmail", "hotmail", "mail_ru", "ms_outlook_2003", "ms_outlook_2007", "ms_outlook_2010", "thunderbird", "windows_mail", "yandex_ru"];

#[derive(Default)]
struct Tally {
    mails: usize,
    right: usize,
    lost: Vec<String>,
    shown: Vec<String>,
}

impl Tally {
    fn judge(&mut self, name: &str, said: &str, keep: &[&str], fold: &[&str]) {
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let lost = keep.iter().find(|line| !said.contains(**line)).map(|line| format!("{name}: {line}"));
        // Single words are looked for as words: "Hi" is in "this" as well.
        let found = |line: &str| if line.contains(' ') { said.contains(line) } else { said.split(' ').any(|word| word == line) };
        let shown = fold.iter().find(|line| found(line)).map(|line| format!("{name}: {line}"));
        self.mails += 1;
        self.right += usize::from(lost.is_none() && shown.is_none());
        self.lost.extend(lost);
        self.shown.extend(shown);
    }
}

#[test]
fn replies_of_the_samples_are_kept_and_their_quotes_folded() {
    let Some(folder) = std::env::var_os("BALIE_CORPUS").map(|folder| PathBuf::from(folder).join("email-replies")).filter(|folder| folder.is_dir())
    else {
        println!("BALIE_CORPUS has no email-replies: nothing was tried");
        return;
    };
    let read = |path: &str| std::fs::read(folder.join(path)).unwrap();
    let mut tally = Tally::default();
    for Sample(name, keep, fold) in TEXTS {
        let bytes = read(&format!("email_reply_parser/{name}.txt"));
        let text = String::from_utf8_lossy(&bytes);
        let pieces = reply_parser::split(&text);
        let said: Vec<&str> = pieces.iter().filter(|piece| piece.kind == reply_parser::Kind::Said).map(|piece| piece.text.as_str()).collect();
        tally.judge(name, &said.join("\n"), keep, fold);
    }
    for Sample(name, keep, fold) in MAILS {
        let bytes = read(&format!("talon/standard_replies/{name}.eml"));
        let mail = MessageParser::default().parse(&bytes).unwrap();
        let text = mail.body_text(0).unwrap();
        tally.judge(name, &reply_parser::said(&reply_parser::split(&text)), keep, fold);
        if mail.html_part(0).is_some_and(mail_parser::MessagePart::is_text_html) {
            let html = mail.body_html(0).unwrap();
            // This one's two bodies are two different replies.
            let keep = if name == "outlook" { &["Allo! Follow up MIME!"] } else { keep };
            tally.judge(&format!("{name} as HTML"), &reply_parser::clean(&html, &|_| None).said, keep, fold);
        }
    }
    for name in HTML {
        let bytes = read(&format!("talon/html_replies/{name}.html"));
        let clean = reply_parser::clean(&String::from_utf8_lossy(&bytes), &|_| None);
        let fold = ["Hello! How are you?", "Sasha.", "From:", "2014", "wrote:", "abc@example.com"];
        tally.judge(name, &clean.said, &["Hi. I am fine.", "Thanks,", "Alex"], &fold);
        let outside = clean.html.split("<details").next().unwrap();
        assert!(clean.html.contains("Hello! How are you?") && !outside.contains("How are you"), "{name}: {}", clean.html);
    }
    println!("{} of {} right\nlost: {:#?}\nshown: {:#?}", tally.right, tally.mails, tally.lost, tally.shown);
    assert!(tally.lost.is_empty(), "{:?}", tally.lost);
    assert!(tally.right * 100 >= tally.mails * 95, "{} of {}: {:?}", tally.right, tally.mails, tally.shown);
}
