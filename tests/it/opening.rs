//! Opening values with the keys at hand: which key opened what, and what is never handed on as a secret.

use std::collections::BTreeMap;

use inventory::{Candidate, gather};
use litellm::{Field, Held, Kept, Kind, NoSecret, Object, Reading, Secret, SourceKind};
use model::{Origin, SecretId};
use support::seal::Sealer;

const SLOT: &str = "deployment/a/database/litellm_params.api_key";

/// What becomes of a key that is stored as `text`, in one line, and the codes of the findings.
fn told(text: &str, keys: &[&str]) -> String {
    let origin = Origin::row("LiteLLM_ProxyModelTable", "a", "litellm_params.api_key");
    let field = Field { held: Held::Secret(SecretId::new(SLOT)), origin: origin.clone() };
    let object = Object {
        kind: Kind::Deployment,
        id: "a".to_owned(),
        source: SourceKind::Database,
        origin,
        fields: [("litellm_params.api_key", field)].into_iter().collect(),
        dropped: None,
    };
    let kept = BTreeMap::from([(SecretId::new(SLOT), Kept::Sealed(text.to_owned()))]);
    let reading = Reading { objects: vec![object], kept, ..Reading::default() };
    let candidate = |key: &&str| Candidate { name: (*key).to_owned(), secret: Secret::new((*key).to_owned()) };
    let candidates: Vec<Candidate> = keys.iter().map(candidate).collect();
    let (inventory, vault) = gather(reading).open(&candidates);
    let slot = SecretId::new(SLOT);
    let value = match (vault.expose(&slot), vault.environment(&slot), vault.no_secret(&slot)) {
        (Some(secret), _, _) => format!("secret {}", secret.expose()),
        (_, Some(name), _) => format!("variable {name}"),
        (_, _, Some(NoSecret::Token)) => "token".to_owned(),
        (_, _, Some(NoSecret::Template)) => "template".to_owned(),
        (None, None, None) => "shut".to_owned(),
    };
    let codes: Vec<&str> = inventory.findings.iter().map(|finding| finding.code.as_str()).collect();
    let by: Vec<String> =
        inventory.opening.opened_by.iter().filter(|(_, count)| **count > 0).map(|(name, _)| name.clone()).collect();
    format!("{value}; by {}; {}", by.join(" "), codes.join(" "))
}

#[test]
fn what_opens_is_a_secret_and_what_stays_shut_is_none() {
    #[track_caller]
    fn check(text: &str, keys: &[&str], expected: &str) {
        assert_eq!(told(text, keys), expected);
    }
    let seal = |key: &str, text: &str| Sealer::new(key).seal(text);
    let once = seal("salt", "sk-live");
    check(&once, &["salt"], "secret sk-live; by salt; ");
    check(&once, &["older", "salt", "oldest"], "secret sk-live; by salt; ");
    check(&once, &["other"], "shut; by ; open.wrong_key");
    check(&once, &[], "shut; by ; open.no_key");
    // Encrypted twice, as old forms did: with both keys it opens; with the outer one alone the ciphertext inside is
    // no key to be sent anywhere, and the outer key is not called wrong.
    let twice = seal("salt", &seal("master", "sk-live"));
    check(&twice, &["salt", "master"], "secret sk-live; by salt; ");
    check(&twice, &["salt"], "shut; by ; open.inside");
    check(&seal("salt", "litellm_enc::broken"), &["salt"], "shut; by ; open.inside");
    // Long keys of providers that could be taken for ciphertexts.
    let azure = format!("{}JQQJ99{}", "Ab3".repeat(17), "Cd4".repeat(9));
    check(&seal("salt", &azure), &["salt"], &format!("secret {azure}; by salt; "));
    let token = format!("IQoJb3JpZ2lu{}", "Ab3d".repeat(60));
    check(&seal("salt", &token), &["salt"], &format!("secret {token}; by salt; "));
    // References and placeholders, stored encrypted like everything else.
    check(&seal("salt", "os.environ/os.environ/A"), &["salt"], "variable A; by salt; ");
    check(&seal("salt", "oidc/google/aud"), &["salt"], "token; by salt; ");
    check(&seal("salt", "${KEY:-sk-default}"), &["salt"], "template; by salt; ");
    // Plain text in an encrypted column.
    check("sk-plain", &["salt"], "secret sk-plain; by ; ");
}
