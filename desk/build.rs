//! Lists the demo files, so that a new one needs no code.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=demo");
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?).join("demo/files");
    let mut names: Vec<String> =
        fs::read_dir(&folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect::<io::Result<_>>()?;
    names.sort();
    let mut code = String::from("fn file(name: &str) -> Option<&'static [u8]> {\n    match name {\n");
    for name in names {
        let path = folder.join(&name);
        writeln!(code, "        {name:?} => Some(include_bytes!({:?})),", path.display().to_string()).map_err(io::Error::other)?;
    }
    code.push_str("        _ => None,\n    }\n}\n");
    fs::write(Path::new(&env::var("OUT_DIR").map_err(io::Error::other)?).join("demo_files.rs"), code)
}
