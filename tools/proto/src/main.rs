//! Compiles `proto/` without a protoc: Rust types for reading, and a table of every message's fields
//! for what reading by type cannot see (required fields, unknown fields, byte spans).
//!
//! `cargo run --locked --manifest-path tools/proto/Cargo.toml` writes both to `proto/generated`.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorSet};
use sha2::{Digest as _, Sha256};

/// The files that import all the others.
const ROOTS: &[&str] = &[
    "inventory.proto",
    "pstree.proto",
    "core.proto",
    "mm.proto",
    "pagemap.proto",
    "fdinfo.proto",
    "seccomp.proto",
    "mnt.proto",
    "cgroup.proto",
    "fs.proto",
    "remap-file-path.proto",
];

/// `wire::schema` keeps the fields it has met in the bits of a word.
const MOST_FIELDS: usize = 64;

/// What the generated files are made by, beside `proto/*.proto`.
const GENERATOR: [&str; 2] = ["tools/proto/Cargo.lock", "tools/proto/src/main.rs"];

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let proto = root.join("proto");
    let set = protox::compile(ROOTS, [&proto])?;
    let sources = digest_of_sources(&root)?;
    write(&proto.join("generated/schema.rs"), &sources, &table(&set)?)?;

    // For what prost writes.
    let out = root.join("tools/proto/target/generated");
    fs::create_dir_all(&out)?;
    prost_build::Config::new().out_dir(&out).compile_fds(set)?;
    let types = fs::read_to_string(out.join("criu.rs"))?;
    write(&proto.join("generated/criu.rs"), &sources, &types)
}

/// Writes a generated file. Its first lines say what it was made of and what it holds, so that a test without a compiler of
/// protobuf sees that both are as they were (`tests/it/generated.rs`).
fn write(file: &Path, sources: &str, text: &str) -> Result<(), Box<dyn Error>> {
    let head =
        "// Made by `cargo run --locked --manifest-path tools/proto/Cargo.toml`; not to be edited.";
    let own = hex(&Sha256::digest(text.as_bytes()));
    let whole = format!("{head}\n// sources: sha256 {sources}\n// text: sha256 {own}\n{text}");
    fs::write(file, whole)?;
    Ok(())
}

/// Of every file in the order of their paths: the path, its length and its bytes.
fn digest_of_sources(root: &Path) -> Result<String, Box<dyn Error>> {
    let mut files: Vec<String> = GENERATOR.map(str::to_owned).to_vec();
    for entry in fs::read_dir(root.join("proto"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".proto") {
            files.push(format!("proto/{name}"));
        }
    }
    files.sort();
    let mut digest = Sha256::new();
    for file in files {
        let bytes = fs::read(root.join(&file))?;
        digest.update(format!("{file}\0{}\0", bytes.len()));
        digest.update(bytes);
    }
    Ok(hex(&digest.finalize()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to memory does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The text of the table: one constant with the index of every message, and the messages.
fn table(set: &FileDescriptorSet) -> Result<String, Box<dyn Error>> {
    let mut messages: Vec<&DescriptorProto> = set
        .file
        .iter()
        .flat_map(|file| &file.message_type)
        .collect();
    messages.sort_by_key(|message| message.name());
    let index = |path: &str| {
        messages
            .iter()
            .position(|message| path.rsplit('.').next() == Some(message.name()))
    };

    let mut text = String::new();
    for (number, message) in messages.iter().enumerate() {
        let name = message.name();
        writeln!(
            text,
            "/// `{name}`.\npub const {}: MessageId = MessageId({number});",
            name.to_uppercase()
        )?;
    }
    writeln!(text, "static MESSAGES: &[MessageDef] = &[")?;
    for message in &messages {
        if message.field.len() > MOST_FIELDS {
            return Err(format!("{} has more than {MOST_FIELDS} fields", message.name()).into());
        }
        let mut fields: Vec<&FieldDescriptorProto> = message.field.iter().collect();
        fields.sort_by_key(|field| field.number());
        writeln!(
            text,
            "    MessageDef {{ name: {:?}, fields: &[",
            message.name()
        )?;
        for field in fields {
            let label = match field.label() {
                Label::Required => "Required",
                Label::Optional => "Optional",
                Label::Repeated => "Repeated",
            };
            let wire = match field.r#type() {
                Type::String | Type::Bytes | Type::Message => "Len",
                Type::Double | Type::Fixed64 | Type::Sfixed64 => "Fixed64",
                Type::Float | Type::Fixed32 | Type::Sfixed32 => "Fixed32",
                Type::Group => return Err("groups are not supported".into()),
                _ => "Varint",
            };
            let inner = match field.r#type() {
                Type::Message => {
                    let at = index(field.type_name())
                        .ok_or_else(|| format!("no message {}", field.type_name()))?;
                    format!("Some(MessageId({at}))")
                }
                _ => "None".to_owned(),
            };
            writeln!(
                text,
                "        FieldDef {{ number: {}, name: {:?}, label: Label::{label}, wire: WireType::{wire}, message: {inner} }},",
                field.number(),
                field.name(),
            )?;
        }
        writeln!(text, "    ] }},")?;
    }
    writeln!(text, "];")?;
    Ok(text)
}
