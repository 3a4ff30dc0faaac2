//! What the documents say is what the program does.

use crate::pack;

use std::process::Command;

fn hwcr(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_hwcr"))
        .args(arguments)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// The commands of the README's walkthroughs that need no engine: those of the shell blocks, and of pipelines.
fn walkthrough_commands(readme: &str) -> Vec<String> {
    let part = readme.split("## Walkthroughs\n").nth(1).unwrap();
    let part = part.split("\n## ").next().unwrap();
    part.lines()
        .map(str::trim_start)
        .filter_map(|line| line.strip_prefix("$ ").or_else(|| line.strip_prefix("- ")))
        .filter(|command| command.starts_with("hwcr "))
        .map(str::to_owned)
        .collect()
}

/// Every one of them is run, in their order, on exports packed as engines do. An answer is 0, 1 or 3.
#[test]
fn the_walkthroughs_can_be_walked() {
    let dir = tempfile::tempdir().unwrap();
    let image = "sig-plain@neoverse-v1@new";
    let put = |name: &str, bytes: Vec<u8>| std::fs::write(dir.path().join(name), bytes).unwrap();
    put(
        "checkpoint.tar.zst",
        pack::zstd(&pack::tar(&pack::podman(image))),
    );
    put(
        "checkpoint-web-0_shop-web.tar",
        pack::tar(&pack::crio(image)),
    );
    put(
        "cpu.json",
        hwcr(&["profile", "baseline", "neoverse-n2"]).into_bytes(),
    );
    std::fs::create_dir(dir.path().join("fleet")).unwrap();
    for name in ["neoverse-n1", "max"] {
        let profile = hwcr(&["profile", "baseline", name]);
        put(&format!("fleet/{name}.json"), profile.into_bytes());
    }
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_hwcr"));
    let path = format!(
        "{}:{}",
        program.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    let commands = walkthrough_commands(&std::fs::read_to_string("README.md").unwrap());
    assert!(commands.len() >= 8, "{commands:?}");
    let jq = Command::new("jq").arg("--version").output().is_ok();
    for command in commands {
        // What passes JSON on is run without the program behind the pipe, where that is not there.
        let runs = match command.split_once(" | jq ") {
            Some((before, _)) if !jq => before.to_owned(),
            _ => command.clone(),
        };
        let output = Command::new("bash")
            .args(["-o", "pipefail", "-c", &runs])
            .current_dir(dir.path())
            .env("PATH", &path)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let code = output.status.code().unwrap();
        assert!([0, 1, 3].contains(&code), "{command}: {code}: {said}");
        assert!(said.is_empty(), "{command}: {said}");
    }
    assert!(dir.path().join("pool.json").is_file());
    assert!(
        dir.path().join("rewritten.tar.zst").is_file(),
        "nothing was rewritten"
    );
}

/// The page of rules is made from the rules. `HWCR_BLESS=1 cargo test --test it docs::` rewrites it.
#[test]
fn the_page_of_rules_is_made_from_the_rules() {
    let expected = hwcr(&["rules", "--format", "markdown"]);
    if std::env::var_os("HWCR_BLESS").is_some() {
        std::fs::write("docs/rules.md", &expected).unwrap();
    }
    let actual = std::fs::read_to_string("docs/rules.md").unwrap();
    assert!(
        actual == expected,
        "docs/rules.md is not what `hwcr rules --format markdown` prints; HWCR_BLESS=1 rewrites it"
    );
}

/// The example in the README is what its first command prints. `HWCR_BLESS=1 cargo test --test it docs::` rewrites it.
#[test]
fn the_example_in_the_readme_is_real() {
    let readme = std::fs::read_to_string("README.md").unwrap();
    let mut blocks = readme.split("```");
    let command = blocks.nth(1).unwrap().lines().nth(1).unwrap();
    let arguments: Vec<&str> = command
        .strip_prefix("cargo run -- ")
        .unwrap()
        .split(' ')
        .collect();
    let example = blocks.nth(1).unwrap().strip_prefix("text\n").unwrap();
    let printed = hwcr(&arguments);
    if std::env::var_os("HWCR_BLESS").is_some() {
        std::fs::write("README.md", readme.replacen(example, &printed, 1)).unwrap();
    } else {
        assert_eq!(
            printed, example,
            "the README's example is not what `{command}` prints"
        );
    }
}

/// The tables of messages, and the example, in `docs/explain-log.md`. `HWCR_BLESS=1 cargo test --test it docs::`
/// rewrites them.
#[test]
fn the_tables_of_messages_are_made_from_the_rows() {
    let mut tables = Vec::new();
    hwcr::report::messages_text::markdown(&mut tables).unwrap();
    let tables = format!("\n{}\n", String::from_utf8(tables).unwrap().trim_end());
    let arguments = [
        "explain-log",
        "tests/fixtures/logs/frame-refused.log",
        "tests/fixtures/logs/frame-refused.dmesg",
        "tests/fixtures/images/sig-plain@max-nopauth@new",
        "--target",
        "cortex-a57",
    ];
    let example = format!(
        "```console\nhwcr {}\n```\n\n```text\n{}```\n",
        arguments.join(" "),
        hwcr(&arguments)
    );
    let page = std::fs::read_to_string("docs/explain-log.md").unwrap();
    let expected = between(&between(&page, "messages", &tables), "example", &example);
    if std::env::var_os("HWCR_BLESS").is_some() {
        std::fs::write("docs/explain-log.md", &expected).unwrap();
    } else {
        assert!(
            page == expected,
            "docs/explain-log.md is not what the rows say; HWCR_BLESS=1 rewrites it"
        );
    }
}

/// The tables in `docs/floors.md`. `HWCR_BLESS=1 cargo test --test it docs::` rewrites them.
#[test]
fn the_tables_of_floors_are_made_from_the_rows() {
    let mut tables = Vec::new();
    hwcr::report::floors_text::markdown(&mut tables).unwrap();
    let tables = format!("\n{}\n", String::from_utf8(tables).unwrap().trim_end());
    let page = std::fs::read_to_string("docs/floors.md").unwrap();
    let expected = between(&page, "floors", &tables);
    if std::env::var_os("HWCR_BLESS").is_some() {
        std::fs::write("docs/floors.md", &expected).unwrap();
    } else {
        assert!(
            page == expected,
            "docs/floors.md is not what src/abi/restore says; HWCR_BLESS=1 rewrites it"
        );
    }
}

/// The page with `text` between `<!-- NAME -->` and the next `<!-- end -->`.
fn between(page: &str, name: &str, text: &str) -> String {
    let start = format!("<!-- {name} -->\n");
    let (before, rest) = page.split_once(&start).unwrap();
    let (_, after) = rest.split_once("<!-- end -->").unwrap();
    format!("{before}{start}{text}<!-- end -->{after}")
}

/// The table of settings in `docs/config.md`. `HWCR_BLESS=1 cargo test --test it docs::` rewrites it.
#[test]
fn the_table_of_settings_is_made_from_the_keys() {
    let page = std::fs::read_to_string("docs/config.md").unwrap();
    let table = format!("\n{}\n", hwcr::config::markdown());
    let expected = between(&page, "settings", &table);
    if std::env::var_os("HWCR_BLESS").is_some() {
        std::fs::write("docs/config.md", &expected).unwrap();
    } else {
        assert!(
            page == expected,
            "docs/config.md does not say what src/config/keys.rs does; HWCR_BLESS=1 rewrites it"
        );
    }
}

/// The file that `docs/config.md` shows is one.
#[test]
fn the_example_of_settings_is_right() {
    let page = std::fs::read_to_string("docs/config.md").unwrap();
    let example = page.split("```toml\n").nth(1).unwrap();
    let example = example.split("```").next().unwrap();
    let config = hwcr::config::parse(example, "hwcr.toml").unwrap();
    assert_eq!((config.values.len(), config.allow.len()), (3, 1));
}

/// Every rule a document names exists.
#[test]
fn documents_name_rules_that_exist() {
    for file in [
        "README.md",
        "docs/limits.md",
        "docs/architecture.md",
        "CONTRIBUTING.md",
        "docs/profile.md",
        "docs/capture.md",
        "docs/reports.md",
        "docs/many-images.md",
        "docs/rewrite.md",
        "docs/explain-log.md",
        "docs/config.md",
        "docs/floors.md",
    ] {
        let text = std::fs::read_to_string(file).unwrap();
        for (at, _) in text.match_indices("HWCR-") {
            let id: String = text[at..]
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
                .collect();
            if id.len() == "HWCR-SVE-001".len() {
                assert!(
                    hwcr::rule::find(&id).is_some(),
                    "{file} names {id}, which is no rule"
                );
            }
        }
    }
}

/// What is unknown costs the same on the page as in the program.
#[test]
fn the_page_of_profiles_lists_what_unknown_values_cost() {
    let page = std::fs::read_to_string("docs/profile.md").unwrap();
    let rows: Vec<String> = page
        .lines()
        .skip_while(|line| *line != "| unknown | leaves open |")
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(str::to_owned)
        .collect();
    let expected: Vec<String> = hwcr::profile::model::cost::COSTS
        .iter()
        .map(|cost| format!("| `{}` | {} |", cost.key, cost.costs))
        .collect();
    assert_eq!(rows, expected);
}
