//! The headers of a mail: any bytes are read, and what comes out fits on a line.
#![no_main]

use mime::{head, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|raw: &[u8]| {
    let _ = head(raw);
    let letter = read(&[raw, b"\r\n\r\nDag."].concat());
    assert!(!letter.subject.contains(['\r', '\n', '\0']));
    for mailbox in letter.from.iter().chain(&letter.to).chain(&letter.cc) {
        assert!(!mailbox.name.contains(['\r', '\n']) && !mailbox.address.contains(['\r', '\n', ' ']));
    }
});
