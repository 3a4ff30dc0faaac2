//! The end of making a profile: what follows from its values.

use crate::profile::model::Profile;
use crate::profile::schema::Error;
use crate::profile::schema::load;
use crate::profile::schema::to_json;

/// What a profile in the making says together with what follows from it, each conclusion with its ground.
///
/// # Errors
/// Its values contradict each other or the schema.
pub(in crate::profile) fn conclude(draft: &Profile) -> Result<Profile, Error> {
    // The reader of profiles knows what contradicts itself, and what follows from what.
    let text = to_json(draft);
    let mut profile = load::parse(text.as_bytes(), &draft.name, draft.source.clone())?;
    explain_derived(&mut profile);
    Ok(profile)
}

/// Says of what the reader of profiles concluded what it follows from.
fn explain_derived(profile: &mut Profile) {
    let follows = [
        ("sve", profile.sve.is_some(), "hwcap.hwcap has no sve"),
        ("sme", profile.sme.is_some(), "hwcap.hwcap2 has no sme"),
        (
            "pauth.address",
            profile.pauth.address.is_some(),
            "hwcap.hwcap has no paca",
        ),
        (
            "pauth.generic",
            profile.pauth.generic.is_some(),
            "hwcap.hwcap has no pacg",
        ),
        (
            "pauth.level",
            profile.pauth.level.is_some(),
            "hwcap.hwcap has no paca",
        ),
    ];
    for (key, known, why) in follows {
        let below = |said: &String| {
            said.strip_prefix(key)
                .is_some_and(|rest| rest.starts_with('.'))
        };
        if known && !profile.origins.keys().any(below) {
            profile.origins.insert(key.to_owned(), why.to_owned());
        }
    }
}
