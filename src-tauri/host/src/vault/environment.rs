//! Provider keys that stand in environment variables already.
//!
//! Promises: names only; a key is read where it is used. Leaves out: removing
//! them from where the user keeps them.

use routing::Catalogue;

/// A variable that is set and usually holds a provider's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentKey {
    /// The provider's id.
    pub provider: String,
    /// The variable.
    pub variable: String,
}

/// What the environment offers, in the order of the catalogue; for each provider
/// the likeliest variable that is set and not empty.
pub fn environment_keys(catalogue: &Catalogue) -> Vec<EnvironmentKey> {
    found(catalogue, |variable| std::env::var(variable).ok())
}

fn found(catalogue: &Catalogue, read: impl Fn(&str) -> Option<String>) -> Vec<EnvironmentKey> {
    let set = |variable: &&String| read(variable).is_some_and(|value| !value.trim().is_empty());
    catalogue
        .providers
        .iter()
        .filter_map(|provider| {
            provider
                .env
                .iter()
                .find(set)
                .map(|variable| EnvironmentKey {
                    provider: provider.id.clone(),
                    variable: variable.clone(),
                })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_variables_with_something_in_them_count() {
        let catalogue = Catalogue::builtin().unwrap();
        let set = [
            ("OPENAI_API_KEY", "sk-x"),
            ("ANTHROPIC_API_KEY", "  "),
            ("HOME", "/x"),
        ];
        let read = |name: &str| {
            set.iter()
                .find(|(variable, _)| *variable == name)
                .map(|(_, value)| (*value).to_owned())
        };
        let expected = EnvironmentKey {
            provider: "openai".into(),
            variable: "OPENAI_API_KEY".into(),
        };
        assert_eq!(found(&catalogue, read), [expected]);
    }
}
