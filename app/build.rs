//! Gives the icons an address that changes with them.

use std::fs;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The sprite's address changes with its content, so that it can be cached for ever.
    println!("cargo:rerun-if-changed=../public/icons.svg");
    let sum = fs::read("../public/icons.svg")?
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    println!("cargo:rustc-env=BALIE_ICONS=/icons.svg?v={:08x}", sum as u32);
    Ok(())
}
