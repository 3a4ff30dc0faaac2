//! What the decoder says of A64 instructions: words as hexadecimal numbers on standard input, one a line; a line for each
//! on standard output: the word, its mnemonic, what it needs, where it leads from address 0, and the address it makes there
//! (ADR, ADRP). `lab/decoder` compares.

use std::io::{self, BufRead as _, BufWriter, Write as _};

use hwcr::a64::{self, Flow, Instruction, Need};

fn main() -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let line = line?;
        let word = u32::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
        let it = Instruction::decode(word);
        let name = it.mnemonic().unwrap_or("?");
        let flow = match it.flow() {
            Flow::On => "on".to_owned(),
            flow => flow.named(0).map_or("away".to_owned(), distance),
        };
        let page = a64::page(word, 0).map(|(page, _)| page);
        let made = page.or_else(|| a64::address(word, 0));
        let made = made.map_or("none".to_owned(), distance);
        writeln!(
            out,
            "{word:08x}\t{name}\t{}\t{flow}\t{made}",
            need(&it.need())
        )?;
    }
    out.flush()
}

fn distance(address: u64) -> String {
    address.cast_signed().to_string()
}

fn need(need: &Need) -> String {
    match need {
        Need::Base => "base".to_owned(),
        Need::Any(sets) => sets
            .iter()
            .map(|set| set.join("+"))
            .collect::<Vec<_>>()
            .join("|"),
        Need::Unreported(unreported) => unreported.feature.to_owned(),
        Need::Privileged => "privileged".to_owned(),
        Need::Unknown => "unknown".to_owned(),
    }
}
