//! What is not answered as recorded, and why.

use sandbox::Release;

/// Exchanges that are not compared, for one reason.
pub(crate) struct Skip {
    pub(crate) releases: &'static [Release],
    pub(crate) topic: &'static str,
    pub(crate) ids: &'static [&'static str],
    /// Why, in the words of the table in the README.
    pub(crate) reason: &'static str,
}

const ALL: &[Release] = &Release::RECORDED;
const OLDEST: &[Release] = &[Release::V1_4_19];
const OLDER: &[Release] = &[Release::V1_5_2];
const FIRST: &[Release] = &[Release::V1_5_16];
const UP_TO_FIRST: &[Release] = &[Release::V1_5_2, Release::V1_5_16];
const SINCE_FIRST: &[Release] = &[Release::V1_5_16, Release::V2_0_0_PRERELEASE3];
const SECOND: &[Release] = &[Release::V2_0_0_PRERELEASE3];

/// All of them.
pub(crate) const SKIPPED: &[Skip] = &[
    Skip {
        releases: OLDEST,
        topic: "15",
        ids: &["malformed-provider"],
        reason: "after `Invalid JSON: ` it quotes its JSON parser",
    },
    Skip {
        releases: OLDEST,
        topic: "16",
        ids: &[
            "inference-basic",
            "prov-with-auth",
            "vk-with-auth",
            "inference-vk-and-basic-2",
            "inference-basic-only-2",
        ],
        reason: "keys inside providers, and what a virtual key may do, are not played of it",
    },
    Skip {
        releases: UP_TO_FIRST,
        topic: "03",
        ids: &["add-aliases-case-duplicate"],
        reason: "which of the two aliases it names is random",
    },
    Skip {
        releases: UP_TO_FIRST,
        topic: "03",
        ids: &["add-wrong-type", "add-wrong-type-weight"],
        reason: "after `Invalid JSON: ` it quotes its JSON parser",
    },
    Skip {
        releases: OLDER,
        topic: "03",
        ids: &["add-aliases-object", "add-aliases-azure-field-on-openai", "azure-alias-object"],
        reason: "after `Invalid JSON: ` it quotes its JSON parser",
    },
    Skip { releases: OLDER, topic: "03", ids: &["list-all"], reason: "the order of the providers is random there" },
    Skip {
        releases: UP_TO_FIRST,
        topic: "15",
        ids: &["malformed-provider"],
        reason: "after `Invalid JSON: ` it quotes its JSON parser",
    },
    Skip {
        releases: ALL,
        topic: "15",
        ids: &["bom", "invalid-utf8", "big-body-5mb", "big-body-120mb"],
        reason: "only the size of the body was recorded",
    },
    Skip { releases: ALL, topic: "16", ids: &["metrics-none"], reason: "no metrics" },
    Skip { releases: SECOND, topic: "20", ids: &["keys-after"], reason: "the order of the providers is random there" },
    Skip { releases: ALL, topic: "20", ids: &["start-times"], reason: "a note of the recorder" },
    Skip {
        releases: SINCE_FIRST,
        topic: "21",
        ids: &["bare-model"],
        reason: "of several providers with one weight one is drawn; here it is the first",
    },
    Skip {
        releases: ALL,
        topic: "21",
        ids: &["route-openai-bare"],
        reason: "of several providers with one weight one is drawn; here it is the first",
    },
    Skip {
        releases: UP_TO_FIRST,
        topic: "21",
        ids: &["bare-model-unknown"],
        reason: "of several providers with one weight one is drawn; here it is the first",
    },
    Skip {
        releases: SECOND,
        topic: "21",
        ids: &["alias-bare", "route-litellm-bare"],
        reason: "of several providers with one weight one is drawn; here it is the first",
    },
    Skip {
        releases: ALL,
        topic: "21",
        ids: &["route-anthropic-v1-messages", "route-anthropic-bare", "embeddings", "api-models"],
        reason: "chat completions and the list of models are all of inference that is played",
    },
    Skip { releases: ALL, topic: "22", ids: &["table"], reason: "a note of the recorder" },
    Skip { releases: ALL, topic: "22b", ids: &["weights-0-against-1"], reason: "a note of the recorder" },
    Skip {
        releases: SINCE_FIRST,
        topic: "23",
        ids: &["rule-bare-model"],
        reason: "of several providers with one weight one is drawn; here it is the first",
    },
    Skip { releases: FIRST, topic: "23", ids: &["enforced-models-no-vk"], reason: "which provider it names is random" },
    Skip { releases: ALL, topic: "24", ids: &["config"], reason: "the file it starts from" },
    Skip { releases: ALL, topic: "24b", ids: &["config"], reason: "the file it starts from" },
];
