//! Why texts of a machine could not be made a profile.

use super::statement::Spot;
use crate::profile::schema::near::did_you_mean;

/// Why texts of a machine could not be made a profile, and what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An input is longer than any of these texts.
    #[error("{file} is longer than {limit} bytes; give it one machine's texts")]
    TooLarge {
        /// The input as the user named it.
        file: String,
        /// The limit, bytes.
        limit: usize,
    },
    /// An input is none of the kinds.
    #[error(
        "{file}: {found}; give it /proc/cpuinfo, what LD_SHOW_AUXV=1 prints, /proc/self/auxv, `lscpu -J` or a list of \
         features, or say with --as which of them it is"
    )]
    Unrecognised {
        /// The input as the user named it.
        file: String,
        /// What it looks like.
        found: String,
    },
    /// A place in an input does not read as it should.
    #[error("{spot}: {problem}; {advice}")]
    Malformed {
        /// Where.
        spot: Spot,
        /// What is there.
        problem: String,
        /// What to do.
        advice: &'static str,
    },
    /// An input is of another architecture.
    #[error("{spot}: {found}; give it the texts of an arm64 machine, printed by a 64-bit program")]
    Foreign {
        /// Where that shows.
        spot: Spot,
        /// What shows it.
        found: String,
    },
    /// A name is in no table, and no word holds its bit.
    #[error(
        "{spot}: hwcr does not know the feature {name}; {}where it is newer than hwcr, add the capability words of the \
         same machine, which hold it as a bit: /proc/self/auxv, or what LD_SHOW_AUXV=1 prints",
        did_you_mean(near)
    )]
    UnknownFeature {
        /// Where.
        spot: Spot,
        /// The name, quoted.
        name: String,
        /// Names close to it.
        near: Vec<String>,
    },
    /// Two places say different things.
    #[error(transparent)]
    Contradiction(#[from] Box<Contradiction>),
    /// No input says which features the machine has.
    #[error(
        "nothing in {files} says which features the machine has; add its /proc/cpuinfo, /proc/self/auxv or what \
         LD_SHOW_AUXV=1 prints"
    )]
    NoFeatures {
        /// The inputs as the user named them.
        files: String,
    },
    /// The statements agree with each other, and make no profile.
    #[error("the texts make no profile: {0}")]
    Invalid(#[from] crate::profile::Error),
}

/// Two places that say different things.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{key}` is {one} in {one_at}, and {other} in {other_at}; texts of two machines, or of two kernels, make no profile: \
     give it one machine's"
)]
pub struct Contradiction {
    /// Key of the profile.
    pub key: String,
    /// What the first place says.
    pub one: String,
    /// Where.
    pub one_at: Spot,
    /// What the second place says.
    pub other: String,
    /// Where.
    pub other_at: Spot,
}
