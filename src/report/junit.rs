//! `check` as JUnit XML, as Jenkins' xUnit plugin, GitLab and most others read it: a suite for each image, a case
//! for each target.

use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::escape::xml;
use super::grouped::counts;
use super::text;
use super::v1::{CheckResult, Report, Verdict};

/// Incompatible and indeterminate results are failures, for neither may pass a gate; a result without an answer is
/// an error; notes of a compatible result are the output of its case.
///
/// # Errors
/// What the writer says.
pub fn suites(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let mut xml = Writer::new_with_indent(out, b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let totals = Totals::of(&report.results);
    xml.create_element("testsuites")
        .with_attribute(("name", "hwcr check"))
        .with_attributes(totals.attributes())
        .write_inner_content(|xml| {
            report
                .results
                .chunk_by(|one, other| one.image == other.image)
                .try_for_each(|results| suite(xml, results))
        })?;
    writeln!(xml.into_inner())
}

struct Totals([(&'static str, String); 3]);

impl Totals {
    fn of(results: &[CheckResult]) -> Self {
        let errors = results
            .iter()
            .filter(|result| result.verdict.is_none())
            .count();
        let passed = results
            .iter()
            .filter(|result| result.verdict == Some(Verdict::Compatible))
            .count();
        let failures = results.len().saturating_sub(errors).saturating_sub(passed);
        Self([
            ("tests", results.len().to_string()),
            ("failures", failures.to_string()),
            ("errors", errors.to_string()),
        ])
    }

    fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, count)| (*name, count.as_str()))
    }
}

fn suite(out: &mut Writer<&mut dyn Write>, results: &[CheckResult]) -> io::Result<()> {
    let Some(first) = results.first() else {
        return Ok(());
    };
    let totals = Totals::of(results);
    out.create_element("testsuite")
        .with_attribute(("name", xml(&first.image).as_str()))
        .with_attributes(totals.attributes())
        .with_attribute(("skipped", "0"))
        .write_inner_content(|out| results.iter().try_for_each(|result| case(out, result)))?;
    Ok(())
}

fn case(out: &mut Writer<&mut dyn Write>, result: &CheckResult) -> io::Result<()> {
    let (target, image) = (xml(&result.target), xml(&result.image));
    let case = out
        .create_element("testcase")
        .with_attribute(("name", target.as_str()))
        .with_attribute(("classname", image.as_str()));
    // Line by line, for the line breaks are the layout's own.
    let lines: Vec<String> = text::quoted(result).lines().map(xml).collect();
    let text = lines.join("\n");
    let (element, kind, message) = match result.verdict {
        Some(Verdict::Compatible) if text.is_empty() => {
            case.write_empty()?;
            return Ok(());
        }
        Some(Verdict::Compatible) => {
            case.write_inner_content(|out| {
                out.create_element("system-out")
                    .write_text_content(BytesText::new(&text))?;
                Ok(())
            })?;
            return Ok(());
        }
        Some(verdict) => {
            let counts = counts(result.counts.unwrap_or_default());
            ("failure", verdict.word(), counts.unwrap_or_default())
        }
        None => {
            let error = result.error.as_deref().unwrap_or_default();
            ("error", "no answer", xml(error))
        }
    };
    case.write_inner_content(|out| {
        out.create_element(element)
            .with_attribute(("type", kind))
            .with_attribute(("message", message.as_str()))
            .write_text_content(BytesText::new(&text))?;
        Ok(())
    })?;
    Ok(())
}
