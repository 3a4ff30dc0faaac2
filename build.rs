//! Compiles `proto/` without a protoc: Rust types for reading, and a table of every message's fields
//! for what reading by type cannot see (required fields, unknown fields, byte spans).

use std::error::Error;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs};

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorSet};

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

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let set = protox::compile(ROOTS, ["proto"])?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    fs::write(out.join("schema.rs"), table(&set)?)?;
    prost_build::Config::new().compile_fds(set)?;
    Ok(())
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
