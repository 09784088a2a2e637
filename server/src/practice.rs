//! Practice mode.

use std::collections::BTreeMap;

use bifrost::Answer;

/// Why there is nothing to practise on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PracticeError {
    #[error("there is no practice gateway of version {0}")]
    Version(String),
}

/// A made-up company's LiteLLM and Bifrost.
#[derive(Debug)]
pub(crate) struct Practice {}

impl Practice {
    pub(crate) fn new(version: &str) -> Result<Self, PracticeError> {
        Err(PracticeError::Version(version.to_owned()))
    }
    pub(crate) fn proxy_name(&self) -> String {
        String::new()
    }
    pub(crate) fn gateway_name(&self) -> String {
        String::new()
    }
    pub(crate) fn read(&self, _path: &str, _query: &BTreeMap<String, String>) -> Answer {
        unimplemented!()
    }
    pub(crate) fn call(
        &self,
        _method: bifrost::Method,
        _path: &str,
        _query: &BTreeMap<String, String>,
        _body: Option<&[u8]>,
    ) -> Answer {
        unimplemented!()
    }
    pub(crate) fn config_yaml(&self) -> String {
        String::new()
    }
    pub(crate) fn about(&self) -> wire::Practice {
        wire::Practice::default()
    }
    pub(crate) fn rows(&self) -> wire::DatabaseRows {
        wire::DatabaseRows::default()
    }
}
pub(crate) async fn serve(args: crate::cli::PracticeArgs) -> Result<(), PracticeError> {
    Err(PracticeError::Version(args.practice_version))
}
