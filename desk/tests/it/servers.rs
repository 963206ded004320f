//! Balie among real servers: mail goes out through Debian's exim, lies in Debian's dovecot, and is read from there. What goes wrong on the way goes wrong for real.

use crate::support::World;
use desk::mail::imap::{Inbox, read};
use desk::mail::{Mail, Mailbox, Settings, Transport, ingest, once, reply_address, secret, standing};
use desk::notifications::{self, State};
use desk::tickets::page;
use domain::TicketId;
use domain::mail::MailReason;
use domain::time::{Moment, Span};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};
use store::testing::{KINDS, fresh};
use tempfile::TempDir;

struct Servers {
    folder: TempDir,
    running: Child,
    smtp: u16,
    imap: u16,
    imaps: u16,
    lmtp: u16,
}

impl Servers {
    /// Starts both; `None`, with the reason, where their programs are not there.
    fn start() -> Option<Self> {
        let Some(programs) = std::env::var_os("BALIE_MAIL_SERVERS").map(PathBuf::from) else {
            assert!(std::env::var_os("CI").is_none(), "BALIE_MAIL_SERVERS does not say where mail servers are: `make setup` unpacks them");
            eprintln!("left out: BALIE_MAIL_SERVERS does not say where mail servers are");
            return None;
        };
        let folder = tempfile::Builder::new().prefix("balie-mail-").tempdir_in("/tmp").unwrap();
        let ports: Vec<u16> = (0..4).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).map(|l| l.local_addr().unwrap().port()).collect();
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers");
        for name in ["start.sh", "dovecot.conf", "exim.conf"] {
            let mut text = std::fs::read_to_string(sources.join(name)).unwrap();
            for (word, value) in ["{smtp}", "{imap}", "{imaps}", "{lmtp}"].into_iter().zip(&ports) {
                text = text.replace(word, &value.to_string());
            }
            std::fs::write(folder.path().join(name), text.replace("{folder}", folder.path().to_str().unwrap())).unwrap();
        }
        let certificate =
            "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost -addext basicConstraints=CA:FALSE";
        let made =
            Command::new("openssl").args(certificate.split(' ')).args(["-keyout", "key.pem", "-out", "ca.pem"]).current_dir(folder.path()).output();
        assert!(made.unwrap().status.success(), "openssl makes a certificate");
        let mut start = Command::new("unshare");
        start.args(["-m", "sh", "start.sh"]).arg(programs).current_dir(folder.path()).stdin(Stdio::piped()).stdout(Stdio::null());
        let running = start.stderr(std::fs::File::create(folder.path().join("errors")).unwrap()).spawn().unwrap();
        let mut servers = Self { folder, running, smtp: ports[0], imap: ports[1], imaps: ports[2], lmtp: ports[3] };
        servers.passwords("support:{PLAIN}geheim\nmarieke:{PLAIN}geheim\n");
        let begun = Instant::now();
        while ports.iter().any(|port| TcpStream::connect(("127.0.0.1", *port)).is_err()) {
            if let Some(ended) = servers.running.try_wait().unwrap() {
                assert_eq!(ended.code(), Some(77), "{}", servers.errors());
                eprintln!("left out: this user may not make a view of files of its own");
                return None;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "the mail servers do not answer: {}", servers.errors());
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(servers)
    }

    fn errors(&self) -> String {
        let read = |name: &str| std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        format!("{}\n{}\n{}", read("errors"), read("dovecot.log"), read("log/main"))
    }

    fn passwords(&self, users: &str) {
        std::fs::write(self.folder.path().join("users"), users).unwrap();
    }

    /// Delivers a mail to a mailbox, over LMTP; gives what the server says of it.
    fn deliver(&self, to: &str, raw: &str) -> String {
        let mut out = TcpStream::connect(("127.0.0.1", self.lmtp)).unwrap();
        let mut answers = BufReader::new(out.try_clone().unwrap());
        let mut said = |out: &mut TcpStream, line: &str| {
            out.write_all(line.as_bytes()).unwrap_or_else(|error| panic!("{error}: {}", self.errors()));
            loop {
                let mut answer = String::new();
                answers.read_line(&mut answer).unwrap();
                if answer.as_bytes().get(3) != Some(&b'-') {
                    return answer;
                }
            }
        };
        said(&mut out, "");
        said(&mut out, "LHLO here\r\n");
        said(&mut out, "MAIL FROM:<a@x.example>\r\n");
        let taken = said(&mut out, &format!("RCPT TO:<{to}>\r\n"));
        if !taken.starts_with("250") {
            return taken;
        }
        said(&mut out, "DATA\r\n");
        said(&mut out, &format!("{}\r\n.\r\n", raw.replace("\r\n.", "\r\n..")))
    }

    /// The mails in a mailbox.
    fn mails(&self, user: &str) -> Vec<String> {
        let folders = ["new", "cur"].map(|kind| self.folder.path().join("mail").join(user).join(kind));
        let files = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
        files.map(|file| std::fs::read_to_string(file.path()).unwrap()).collect()
    }

    fn inbox(&self, more: &str) -> Inbox {
        let ca = self.folder.path().join("ca.pem");
        Inbox::parse(&format!("imaps://support:geheim@localhost:{}?ca={}{more}", self.imaps, ca.display())).unwrap()
    }

    /// Without encryption, through a door that can be shut.
    fn inbox_behind(&self, port: u16) -> Inbox {
        Inbox::parse(&format!("imap://support:geheim@127.0.0.1:{port}?tls=none&begin=all")).unwrap()
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        drop(self.running.stdin.take());
        let _ = self.running.wait();
    }
}

/// Tells a story on every database, with mail servers of its own; the clock of the desk is that of the servers.
async fn with_servers<F: Future<Output = ()>>(story: impl Fn(World, Servers) -> F) {
    for kind in KINDS {
        let Some(servers) = Servers::start() else { return };
        let world = World::new(fresh(kind).await).await;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
        world.pass(Moment(i64::try_from(now).unwrap()) - world.desk.now());
        story(world, servers).await;
    }
}

fn with_mail(mut world: World, transport: Transport) -> World {
    let sender = Mailbox { name: "SERA".into(), address: "support@sera.example".into() };
    let settings = Settings { sender, max_mebibytes: 1, ..Settings::default() };
    world.desk = world.desk.clone().with_mail(Mail::new(settings, transport));
    world
}

fn mail(subject: &str, text: &str) -> String {
    format!("From: marieke@x.example\r\nTo: support@sera.example\r\nSubject: {subject}\r\n\r\n{text}")
}

/// Reads a mailbox until so many mails of it are kept; gives why reading ended, where it ended before that.
async fn read_until(world: &World, inbox: &Inbox, count: usize) -> Result<(), String> {
    let reading = read(&world.desk, inbox);
    tokio::pin!(reading);
    let begun = Instant::now();
    loop {
        tokio::select! {
            ended = &mut reading => return Err(ended),
            () = tokio::time::sleep(Duration::from_millis(50)) => {}
        }
        if kept(world).await >= count {
            // A mail too many would come now.
            let more = tokio::time::timeout(Duration::from_millis(500), &mut reading).await;
            return more.map_or(Ok(()), Err);
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{} of {count} mails came", kept(world).await);
    }
}

/// Why a mailbox cannot be read.
async fn ended(world: &World, inbox: &Inbox) -> String {
    tokio::time::timeout(Duration::from_secs(20), read(&world.desk, inbox)).await.expect("it cannot be read")
}

/// How many mails came in.
async fn kept(world: &World) -> usize {
    use store::mail::State;
    let mut count = 0;
    for state in [State::Waiting, State::Read, State::SetAside, State::Quiet] {
        count += store::mail::in_state(world.desk.store(), state, None, 1_000).await.unwrap().len();
    }
    count
}

async fn failing(world: &World) -> Option<String> {
    let standing = standing(&world.desk, &world.agent("hanneke"), None).await.unwrap();
    standing.failing.into_iter().next().map(|(_, reason, _)| reason)
}

async fn messages(world: &World, id: TicketId) -> usize {
    page(&world.desk, world.person("hanneke"), id).await.unwrap().messages.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_out_arrives_and_its_answer_comes_back() {
    with_servers(async |world, servers| {
        let ca = servers.folder.path().join("ca.pem");
        let url = format!("smtp://balie:geheim@localhost:{}?tls=required&ca={}&connections=2", servers.smtp, ca.display());
        let world = with_mail(world, Transport::parse(&url).unwrap());
        world.desk.mail().transport().check().await.unwrap();
        // More than the server takes over one connection: a new one is made, and none is late.
        let mut ids = vec![];
        for n in 0..14 {
            ids.push(world.open("marieke", &format!("Vraag {n}")).await);
        }
        while notifications::advance(&world.desk).await.unwrap() > 0 {}
        world.pass(Span::seconds(2));
        while once(&world.desk).await.unwrap() > 0 {}
        for id in &ids {
            let sent = world.deliveries(*id).await;
            assert!(sent.iter().any(|d| d.state == State::Sent && d.reason.is_none()), "{sent:?} {}", servers.errors());
        }
        let begun = Instant::now();
        while servers.mails("marieke").len() < ids.len() {
            assert!(begun.elapsed() < Duration::from_secs(20), "{}", servers.errors());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let first = servers.mails("marieke").into_iter().find(|mail| mail.contains("Vraag 0")).unwrap();
        let field = |name: &str| first.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
        assert_eq!(
            field("Reply-To:"),
            format!(
                "SERA <{}>",
                reply_address::reply_address(secret(&world.desk).await.unwrap(), "support@sera.example", ids[0], world.id("marieke"))
            )
        );

        // A folder that is not there yet is not watched by the server.
        servers.deliver("support@sera.example", &mail("Eerder", "Dag"));
        // She answers; her program sends it to the mail server, and we read the mailbox it ends in.
        let answer = format!(
            "From: marieke@x.example\r\nTo: {}\r\nSubject: Re: x\r\nIn-Reply-To: {}\r\n\r\nHet werkt.\r\n",
            field("Reply-To:"),
            field("Message-ID:")
        );
        let to = reply_address::reply_address(secret(&world.desk).await.unwrap(), "support@sera.example", ids[0], world.id("marieke"));
        let her = Transport::parse(&format!("smtp://127.0.0.1:{}?tls=none", servers.smtp)).unwrap();
        her.hand_over(desk::mail::Sent { from: "marieke@x.example".into(), to, raw: answer.into_bytes() }).await.unwrap();
        read_until(&world, &servers.inbox("&begin=all"), 2).await.unwrap();
        while ingest::once(&world.desk).await.unwrap() > 0 {}
        assert_eq!(messages(&world, ids[0]).await, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_server_defers_and_refuses() {
    with_servers(async |world, servers| {
        let smtp = Transport::parse(&format!("smtp://127.0.0.1:{}?tls=none", servers.smtp)).unwrap();
        let world = with_mail(world, Transport::memory());
        let sent = |to: &str| desk::mail::Sent { from: "support@sera.example".into(), to: to.into(), raw: b"Subject: x\r\n\r\nDag\r\n".to_vec() };
        let busy = smtp.hand_over(sent("busy@sera.example")).await;
        assert!(matches!(&busy, Err(desk::mail::Failure::Later(reason)) if reason.contains("try again later")), "{busy:?}");
        let nobody = smtp.hand_over(sent("nobody@sera.example")).await;
        assert!(matches!(&nobody, Err(desk::mail::Failure::Never(reason)) if reason.contains("no such mailbox")), "{nobody:?}");
        // A wrong password is mended by an admin: the mails wait.
        let ca = servers.folder.path().join("ca.pem");
        let wrong = Transport::parse(&format!("smtp://balie:fout@localhost:{}?ca={}", servers.smtp, ca.display())).unwrap();
        assert!(matches!(wrong.hand_over(sent("support@sera.example")).await, Err(desk::mail::Failure::Later(_))));
        let unknown = Transport::parse(&format!("smtp://balie:geheim@localhost:{}", servers.smtp)).unwrap();
        assert!(unknown.check().await.unwrap_err().contains("certificate"), "nobody vouches for it");
        drop(world);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_is_read_from_now_on_and_what_arrives_is_there_at_once() {
    with_servers(async |world, servers| {
        let world = with_mail(world, Transport::memory());
        assert!(servers.deliver("support@sera.example", &mail("Oud", "Van voor Balie")).starts_with("250"));
        let inbox = servers.inbox("");
        inbox.check().await.unwrap();
        let ca = servers.folder.path().join("ca.pem");
        let after_a_word = Inbox::parse(&format!("imap://support:geheim@localhost:{}?ca={}", servers.imap, ca.display())).unwrap();
        after_a_word.check().await.unwrap();
        let reading = {
            let (desk, inbox) = (world.desk.clone(), inbox.clone());
            tokio::spawn(async move { read(&desk, &inbox).await })
        };
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(kept(&world).await, 0, "what was there before is not ours");
        for n in 1..=3 {
            let begun = Instant::now();
            servers.deliver("support+tag@sera.example", &mail(&format!("Nieuw {n}"), "Dag"));
            while kept(&world).await < n {
                assert!(begun.elapsed() < Duration::from_secs(5), "the server tells, and nobody listens: {}", servers.errors());
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        reading.abort();
        // What came while nobody read is taken the next time, and nothing twice.
        servers.deliver("support@sera.example", &mail("Intussen", "Dag"));
        read_until(&world, &inbox, 4).await.unwrap();
        assert_eq!(kept(&world).await, 4);
        assert_eq!(servers.mails("support").len(), 5, "nothing goes from the mailbox");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_and_a_mailbox_that_is_numbered_anew_lose_and_double_nothing() {
    with_servers(async |world, servers| {
        let world = with_mail(world, Transport::memory());
        for n in 0..3 {
            servers.deliver("support@sera.example", &mail(&format!("Brief {n}"), &"Een hele lange regel tekst.\r\n".repeat(2_000)));
        }
        // Cut in the second mail, and later in the third.
        for (bytes, taken) in [(100_000, 1), (100_000, 2)] {
            let ended = read_until(&world, &servers.inbox_behind(door(servers.imap, bytes)), 3).await.unwrap_err();
            assert!(!ended.is_empty());
            assert_eq!(kept(&world).await, taken);
        }
        read_until(&world, &servers.inbox_behind(servers.imap), 3).await.unwrap();

        // Restored from a backup, say: every mail has another number, and one more is there.
        let uids = servers.folder.path().join("mail/support/dovecot-uidlist");
        let before = std::fs::read_to_string(&uids).unwrap();
        std::fs::remove_file(&uids).unwrap();
        for index in ["dovecot.index", "dovecot.index.log", "dovecot.index.cache"] {
            let _ = std::fs::remove_file(servers.folder.path().join("mail/support").join(index));
        }
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        servers.deliver("support@sera.example", &mail("Brief 4", "Kort"));
        read_until(&world, &servers.inbox_behind(servers.imap), 4).await.unwrap();
        assert_ne!(before.split(' ').nth(1), std::fs::read_to_string(&uids).unwrap().split(' ').nth(1), "the server did number it anew");
        assert_eq!(kept(&world).await, 4);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn admins_are_told_of_a_mailbox_that_cannot_be_read_and_of_one_that_fills_up() {
    with_servers(async |world, servers| {
        let world = with_mail(world, Transport::memory());
        let inbox = servers.inbox("&begin=all");
        servers.deliver("support@sera.example", &mail("Eerste", "Dag"));
        read_until(&world, &inbox, 1).await.unwrap();
        assert_eq!(failing(&world).await, None);

        // The server looks at the second of the file's last change.
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        servers.passwords("support:{PLAIN}anders\n");
        let reason = ended(&world, &inbox).await;
        assert!(reason.to_lowercase().contains("authentication failed"), "{reason}");
        desk::mail::imap::failed(&world.desk, &inbox, &reason).await.unwrap();
        assert_eq!(failing(&world).await, Some(reason.clone()));
        assert!(world.desk.mail().transport().take().is_empty(), "it may be over in a moment");
        for _ in 0..3 {
            world.pass(Span::minutes(6));
            desk::mail::imap::failed(&world.desk, &inbox, &reason).await.unwrap();
        }
        let told = world.desk.mail().transport().take();
        assert_eq!(told.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["hanneke@x.example"], "once, and only admins");
        assert!(!String::from_utf8_lossy(&told[0].raw).contains("geheim"));

        tokio::time::sleep(Duration::from_millis(1_100)).await;
        servers.passwords("support:{PLAIN}geheim\n");
        servers.deliver("support@sera.example", &mail("Tweede", "Dag"));
        read_until(&world, &inbox, 2).await.unwrap();
        assert_eq!(failing(&world).await, None);

        // It fills up: what is too large for us fills it too, is answered, and holds up nothing.
        let large = mail("Grote tekening", &"x".repeat(70).add_lines(1_300_000));
        for _ in 0..3 {
            servers.deliver("support@sera.example", &format!("X-Nr: {:?}\r\n{large}", Instant::now()));
        }
        let refused = servers.deliver("support@sera.example", &large);
        assert!(refused.starts_with("552") || refused.starts_with("452"), "{refused}");
        servers.deliver("support@sera.example", &mail("Derde", "Dag"));
        read_until(&world, &inbox, 6).await.unwrap();
        assert!(failing(&world).await.unwrap().contains("% full"));
        let answers = world.desk.mail().transport().take();
        assert!(answers.iter().all(|mail| mail.to == "marieke@x.example") && answers.len() == 3, "{}", answers.len());
        assert!(String::from_utf8_lossy(&answers[0].raw).contains("Grote tekening"));
        let aside = standing(&world.desk, &world.agent("hanneke"), None).await.unwrap().aside;
        assert!(aside.iter().all(|mail| matches!(mail.reason, Some(MailReason::TooLarge { most: 1, .. }))) && aside.len() == 3, "{aside:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_was_taken_in_goes_where_the_settings_say() {
    with_servers(async |world, servers| {
        let world = with_mail(world, Transport::memory());
        servers.deliver("support@sera.example", &mail("Weg", "Dag"));
        read_until(&world, &servers.inbox("&begin=all&afterwards=delete"), 1).await.unwrap();
        assert!(servers.mails("support").is_empty());
        servers.deliver("support@sera.example", &mail("Elders", "Dag"));
        let moved = servers.inbox("&afterwards=move:Gelezen");
        assert!(moved.check().await.unwrap_err().contains("Gelezen"));
        read_until(&world, &moved, 2).await.unwrap();
        assert!(failing(&world).await.unwrap().contains("stays in it"), "admins see that there is no such folder");
        assert_eq!(servers.mails("support").len(), 1, "it is kept, and still there");
        let unknown = ended(&world, &servers.inbox("&department=Nergens")).await;
        assert_eq!(unknown, "there is no department Nergens");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_mailbox_that_is_numbered_anew_does_not_bring_back_old_mail() {
    with_servers(async |world, servers| {
        let world = with_mail(world, Transport::memory());
        servers.deliver("support@sera.example", &mail("Oud", "Van jaren her"));
        // The server takes the day of its arrival from its file.
        let folder = servers.folder.path().join("mail/support");
        let file = std::fs::read_dir(folder.join("new")).unwrap().next().unwrap().unwrap().path();
        assert!(Command::new("touch").args(["-d", "20 days ago"]).arg(file).status().unwrap().success());
        let inbox = servers.inbox("");
        read_until(&world, &inbox, 0).await.unwrap();
        for index in ["dovecot-uidlist", "dovecot.index", "dovecot.index.log", "dovecot.index.cache"] {
            let _ = std::fs::remove_file(folder.join(index));
        }
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        read_until(&world, &inbox, 0).await.unwrap();
        servers.deliver("support@sera.example", &mail("Nieuw", "Dag"));
        read_until(&world, &inbox, 1).await.unwrap();
        assert_eq!(kept(&world).await, 1);
    })
    .await;
}

/// A mailbox server of a few lines: greets, and answers what begins with a word; `{}` is the tag. What it does not know, it confirms.
fn mailbox_server(answers: &'static [(&'static str, &'static str)]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut out = stream.try_clone().unwrap();
            let _ = out.write_all(b"* OK here\r\n");
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                let (tag, asked) = line.split_once(' ').unwrap_or_default();
                let known = answers.iter().find(|(word, _)| asked.starts_with(word)).map_or("{} OK done\r\n", |(_, answer)| answer);
                if out.write_all(known.replace("{}", tag).as_bytes()).is_err() {
                    break;
                }
            }
        }
    });
    port
}

#[tokio::test]
async fn a_server_that_refuses_a_mail_has_not_said_that_there_is_none() {
    const EXAMINE: (&str, &str) = ("SELECT", "* 1 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 6] x\r\n{} OK done\r\n");
    const FOUND: (&str, &str) = ("UID SEARCH", "* SEARCH 5\r\n{} OK done\r\n");
    const SIZE: (&str, &str) = ("UID FETCH 5 (UID RFC822.SIZE)", "* 1 FETCH (UID 5 RFC822.SIZE 20)\r\n{} OK done\r\n");
    let endless: &'static str = Box::leak(format!("* 1 FETCH (UID 5 BODY[] {{200000000}}\r\n{}", "x".repeat(20 << 20)).into_boxed_str());
    for kind in KINDS {
        let world = with_mail(World::new(fresh(kind).await).await, Transport::memory());
        let inbox = |port: u16| Inbox::parse(&format!("imap://support:geheim@127.0.0.1:{port}?tls=none&begin=all&afterwards=delete")).unwrap();
        for (port, wrong) in [
            (mailbox_server(&[EXAMINE, FOUND, SIZE, ("UID FETCH 5 (UID BODY", "{} NO [UNAVAILABLE] later\r\n")]), "later"),
            (mailbox_server(&[EXAMINE, FOUND, ("UID FETCH", "{} NO busy\r\n")]), "busy"),
            (mailbox_server(&[EXAMINE, ("UID SEARCH", "{} NO busy\r\n")]), "busy"),
            (mailbox_server(&[EXAMINE, FOUND, SIZE, ("UID FETCH", "* BYE gone\r\n")]), "lost"),
            (mailbox_server(&[EXAMINE, ("UID SEARCH", "* SEARCH 5 nonsense\r\n")]), "pars"),
            (mailbox_server(Box::leak(Box::new([EXAMINE, FOUND, SIZE, ("UID FETCH 5 (UID BODY", endless)]))), "does not stop talking"),
        ] {
            let reason = ended(&world, &inbox(port)).await;
            assert!(reason.to_lowercase().contains(wrong), "{wrong}: {reason}");
            assert_eq!(kept(&world).await, 0);
        }
        // One whose size was a guess, and is too large: it is set aside, and the next one is read.
        const LARGE: &str = "* 1 FETCH (UID 5 BODY[] {1100010}\r\n";
        let large: &'static str =
            Box::leak(format!("{LARGE}From: a@x.example\r\n\r\n{})\r\n{{}} OK done\r\n", "x".repeat(1_100_010 - 21)).into_boxed_str());
        let answers: &'static [(&str, &str)] = Box::leak(Box::new([EXAMINE, FOUND, SIZE, ("UID FETCH 5 (UID BODY", large)]));
        read_until(&world, &inbox(mailbox_server(answers)), 1).await.unwrap();
        let aside = standing(&world.desk, &world.agent("hanneke"), None).await.unwrap().aside;
        assert!(matches!(aside[0].reason, Some(MailReason::TooLarge { most: 1, .. })), "{aside:?}");
    }
}

#[tokio::test]
async fn a_mail_too_large_is_answered_and_not_without_end() {
    let large: Vec<(String, String)> = (1..=5)
        .flat_map(|n| {
            let head = format!("From: marieke@x.example\r\nSubject: Tekening {n}\r\n\r\n");
            let head = format!("* {n} FETCH (UID {n} BODY[HEADER]<0> {{{}}}\r\n{head})\r\n{{}} OK done\r\n", head.len());
            let size = format!("* {n} FETCH (UID {n} RFC822.SIZE 2000000)\r\n{{}} OK done\r\n");
            [(format!("UID FETCH {n} (UID RFC822.SIZE)"), size), (format!("UID FETCH {n} (UID BODY.PEEK[HEADER]<0."), head)]
        })
        .collect();
    let mut answers = vec![
        ("SELECT", "* 5 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 6] x\r\n{} OK done\r\n"),
        ("EXAMINE", "* 5 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 6] x\r\n{} OK done\r\n"),
        ("UID SEARCH", "* SEARCH 1 2 3 4 5\r\n{} OK done\r\n"),
    ];
    let large: &'static [(String, String)] = Box::leak(large.into_boxed_slice());
    answers.extend(large.iter().map(|(asked, answer)| (asked.as_str(), answer.as_str())));
    let answers: &'static [(&str, &str)] = Box::leak(answers.into_boxed_slice());
    for kind in KINDS {
        let world = with_mail(World::new(fresh(kind).await).await, Transport::memory());
        let inbox = Inbox::parse(&format!("imap://support:geheim@127.0.0.1:{}?tls=none&begin=all", mailbox_server(answers))).unwrap();
        read_until(&world, &inbox, 5).await.unwrap();
        let told = world.desk.mail().transport().take();
        assert_eq!(told.len(), 3, "a sender can be made up");
        assert!(told.iter().all(|mail| mail.to == "marieke@x.example") && String::from_utf8_lossy(&told[2].raw).contains("Tekening 3"));
    }
}

trait Lines {
    fn add_lines(&self, bytes: usize) -> String;
}

impl Lines for String {
    fn add_lines(&self, bytes: usize) -> String {
        format!("{self}\r\n").repeat(bytes / self.len())
    }
}

/// A door to a port that shuts once so many bytes have come through it.
fn door(to: u16, bytes: usize) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut outside, _) = listener.accept().unwrap();
        let mut inside = TcpStream::connect(("127.0.0.1", to)).unwrap();
        let (mut from, mut into) = (outside.try_clone().unwrap(), inside.try_clone().unwrap());
        std::thread::spawn(move || std::io::copy(&mut from, &mut into));
        let (mut buffer, mut passed) = ([0; 4096], 0);
        while let Ok(read @ 1..) = inside.read(&mut buffer) {
            passed += read;
            if passed > bytes || outside.write_all(&buffer[..read]).is_err() {
                break;
            }
        }
        let _ = (outside.shutdown(std::net::Shutdown::Both), inside.shutdown(std::net::Shutdown::Both));
    });
    port
}
