//! Objects laid out by hand, small libraries of the fixtures, and what hostile ones come to.

#![allow(clippy::cast_possible_truncation)]

mod changed;
mod find;
mod functions;
mod go;
mod placed;
mod store;

/// A library of the fixtures: its code begins with its file, its data shares the file's first page.
fn library(name: &str) -> Vec<u8> {
    std::fs::read(format!("tests/fixtures/setters/{name}.so")).unwrap()
}
