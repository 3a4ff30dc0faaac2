//! A document held against an XML Schema, as far as the schema of JUnit reports goes: global elements, attributes that
//! are strings, content that is text or any number of references. What a schema has beyond that is a failure of
//! the test, not passed over.

use roxmltree::{Document, Node};

const XS: &str = "http://www.w3.org/2001/XMLSchema";

/// Panics where the document is not what the schema says.
pub(super) fn check(schema: &str, document: &Document<'_>) {
    let schema = Document::parse(schema).unwrap();
    element(schema.root_element(), document.root_element());
}

fn is_xs(node: &Node<'_, '_>, name: &str) -> bool {
    node.has_tag_name((XS, name))
}

fn element(schema: Node<'_, '_>, node: Node<'_, '_>) {
    let name = node.tag_name().name();
    let named = |declared: &Node<'_, '_>| {
        is_xs(declared, "element") && declared.attribute("name") == Some(name)
    };
    let declared = schema
        .children()
        .find(named)
        .unwrap_or_else(|| panic!("<{name}> is not declared"));
    let Some(kind) = declared.children().find(|node| is_xs(node, "complexType")) else {
        assert_eq!(declared.attribute("type"), Some("xs:string"), "<{name}>");
        assert_eq!(node.attributes().count(), 0, "<{name}>");
        assert!(node.children().all(|child| child.is_text()), "<{name}>");
        return;
    };
    attributes(&kind, &node);
    let allowed = content(&kind);
    let mixed = kind.attribute("mixed") == Some("true");
    for child in node.children() {
        if child.is_element() {
            let inner = child.tag_name().name();
            assert!(allowed.contains(&inner), "<{inner}> in <{name}>");
            element(schema, child);
        } else {
            let blank = child.text().unwrap_or_default().trim().is_empty();
            assert!(mixed || blank, "text in <{name}>");
        }
    }
}

fn attributes(kind: &Node<'_, '_>, node: &Node<'_, '_>) {
    let name = node.tag_name().name();
    let declared: Vec<Node<'_, '_>> = kind
        .children()
        .filter(|child| is_xs(child, "attribute"))
        .collect();
    for attribute in node.attributes() {
        let known = declared
            .iter()
            .find(|known| known.attribute("name") == Some(attribute.name()))
            .unwrap_or_else(|| panic!("{} of <{name}>", attribute.name()));
        assert_eq!(
            known.attribute("type"),
            Some("xs:string"),
            "{}",
            attribute.name()
        );
    }
    for required in declared
        .iter()
        .filter(|known| known.attribute("use") == Some("required"))
    {
        let required = required.attribute("name").unwrap();
        assert!(node.has_attribute(required), "<{name}> without {required}");
    }
}

/// The names of what may lie inside, any number of times and in any order.
fn content<'a>(kind: &Node<'a, '_>) -> Vec<&'a str> {
    let unbounded = |node: &Node<'_, '_>| {
        node.attribute("maxOccurs") == Some("unbounded") && node.attribute("minOccurs") == Some("0")
    };
    let mut names = Vec::new();
    for particle in kind.descendants().filter(|node| is_xs(node, "element")) {
        let choice = particle.parent().unwrap();
        let free = is_xs(&choice, "choice") && unbounded(&choice)
            || is_xs(&choice, "sequence") && unbounded(&particle);
        assert!(free, "a content model that is not read here");
        names.push(particle.attribute("ref").unwrap());
    }
    names
}
