//! Reports: facts and judgements in, documents out. A report decides nothing.
//!
//! [`v1`] holds the structures that others build on; [`from_judgement`], [`from_facts`], [`from_plan`]
//! and [`from_log`] fill them;
//! the renderers ([`text`], [`fleet_text`], [`inspect_text`], [`rewrite_text`], [`rules_text`],
//! [`log_text`], and of a check [`json`], [`sarif`], [`junit`], [`github`] and [`markdown`]) see these structures and nothing else; [`messages_text`] is the table of messages, [`floors_text`] that of what restores ask for;
//! [`profile_show_text`], [`profile_diff_text`], [`profiles_text`] and [`validate_text`] are about profiles.

mod escape;
pub mod fleet_text;
pub mod floors_text;
pub mod from_facts;
pub mod from_judgement;
pub mod from_log;
pub mod from_plan;
pub mod from_profile;
pub mod github;
mod grouped;
pub mod inspect_text;
pub mod json;
pub mod junit;
pub mod layout;
pub mod log_text;
pub mod markdown;
pub mod messages_text;
pub mod profile_diff_text;
pub mod profile_show_text;
pub mod profiles_text;
pub mod record;
pub mod rewrite_text;
pub mod rules_text;
pub mod sarif;
pub mod schema;
pub mod style;
pub mod text;
pub mod v1;
pub mod validate_text;
pub mod words;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
