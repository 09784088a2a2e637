//! Practice mode: the made-up company of `sandbox`, in this process. The relay puts both of its sides where the
//! upstreams would be; `gangway practice` puts HTTP around them.

mod company;
mod server;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use bifrost::Answer;
use sandbox::{Gateway, Release, Request, Response};

use crate::clock;
use company::Company;
pub(crate) use server::serve;

/// Decides the ids the gateway makes up; the same every time, so that a screenshot stays true.
const SEED: u64 = 1;

/// Why there is nothing to practise on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PracticeError {
    #[error("there is no practice gateway of version {version}; there are {known}")]
    Version { version: String, known: String },
    #[error("port {port} cannot be opened: {source}")]
    Port { port: u16, source: std::io::Error },
    #[error("the state file {path} cannot be used: {why}", path = path.display())]
    State { path: std::path::PathBuf, why: String },
}

/// A made-up company's LiteLLM, its database, and an empty gateway.
#[derive(Debug)]
pub(crate) struct Practice {
    company: Company,
    gateway: Mutex<Gateway>,
}

/// The variables the practice company's config.yaml refers to, set on the host of the made-up gateway.
const ENVIRONMENT: [&str; 7] = [
    "OPENAI_API_KEY",
    "AZURE_API_KEY",
    "ANTHROPIC_API_KEY",
    "DEEPSEEK_API_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "VERTEX_CREDENTIALS_PATH",
];

/// Opens a made-up gateway that is locked until it is set up; published, like the other keys of the company.
const SETUP_TOKEN: &str = "practice-setup-token";

/// A made-up gateway with nothing in it.
fn fresh_gateway(release: Release) -> Gateway {
    Gateway::new(release, SEED).with_environment(ENVIRONMENT.map(str::to_owned)).with_setup_token(SETUP_TOKEN)
}

impl Practice {
    /// With a gateway of that version.
    pub(crate) fn new(version: &str) -> Result<Self, PracticeError> {
        Ok(Self::with(fresh_gateway(release(version)?)))
    }

    /// With that gateway.
    fn with(gateway: Gateway) -> Self {
        Self { company: Company::new(), gateway: Mutex::new(gateway) }
    }

    /// What the page says about it.
    pub(crate) fn about(&self) -> wire::Practice {
        wire::Practice { company: Company::NAME.to_owned(), salt_key: self.company.salt_key().to_owned() }
    }

    /// How the page calls its proxy.
    pub(crate) fn proxy_name() -> String {
        format!("{}, practice LiteLLM", Company::NAME)
    }

    /// How the page calls the gateway.
    pub(crate) fn gateway_name(&self) -> String {
        format!("Practice Bifrost {}", self.locked().release())
    }

    /// The company's config.yaml.
    pub(crate) fn config_yaml(&self) -> String {
        self.company.config_yaml().to_owned()
    }

    /// The rows of its database.
    pub(crate) fn rows(&self) -> wire::DatabaseRows {
        wire::DatabaseRows { tables: self.company.rows(), findings: Vec::new() }
    }

    /// A read of its proxy.
    pub(crate) fn read(&self, path: &str, query: &BTreeMap<String, String>) -> Answer {
        let mut request = Request::new("GET", path);
        request.query.clone_from(query);
        answer(self.company.read(request))
    }

    /// A call to its gateway.
    pub(crate) fn call(
        &self,
        method: bifrost::Method,
        path: &str,
        query: &BTreeMap<String, String>,
        body: Option<&[u8]>,
    ) -> Answer {
        let mut request = Request::new(method.as_str(), path).header("X-Bifrost-Setup-Token", SETUP_TOKEN);
        request.query.clone_from(query);
        request.body = String::from_utf8_lossy(body.unwrap_or_default()).into_owned();
        answer(self.locked().handle(&request, clock::now()))
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Gateway> {
        self.gateway.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn release(version: &str) -> Result<Release, PracticeError> {
    Release::from_version(version).ok_or_else(|| PracticeError::Version {
        version: version.to_owned(),
        known: Release::ALL.map(Release::version).join(", "),
    })
}

fn answer(response: Response) -> Answer {
    let content_type = response.content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    Answer { status: response.status, content_type, body: response.body }
}

#[cfg(test)]
mod tests {
    use bifrost::{Call, Endpoint};

    use super::*;
    use crate::drive::Driver;
    use crate::target::Target;

    #[tokio::test]
    async fn the_driver_works_on_the_practice_gateway() {
        let practice = std::sync::Arc::new(Practice::new("2.0.0-prerelease3").expect("a recorded version"));
        let driver = Driver::new(Target::Practice(practice));
        assert_eq!(driver.target_name(), "Practice Bifrost v2.0.0-prerelease3");
        let (_, vault) = inventory::gather(litellm::read(&[])).open(&[]);
        let create = Call::new(Endpoint::CustomerCreate).body(serde_json::json!({"name": "Made"}));
        let create = driver.prepare(&create, &vault).expect("no secret in it");
        assert!(driver.target().send(create).await.expect("an answer").is_success());
        let list = driver.read(&Call::new(Endpoint::CustomerList)).await.expect("an answer");
        assert!(list.body.contains("Made"), "{}", list.body);
    }

    #[test]
    fn only_recorded_versions_are_played() {
        assert!(matches!(Practice::new("1.4.0"), Err(PracticeError::Version { .. })));
        for version in ["1.5.16", "v1.5.16", "2.0.0-prerelease3"] {
            assert!(Practice::new(version).is_ok(), "{version}");
        }
    }
}
