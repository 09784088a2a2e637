use super::*;
use crate::access::{Key, World};
use crate::{Input, read};

/// The shares of a name and what comes after, as text.
#[track_caller]
fn check(config: &str, name: &str, expected: &str) {
    let reading = read(&[Input::File { name: "config.yaml", bytes: config.as_bytes() }]);
    let world = World::read(reading.objects.iter());
    let router = Router::read(reading.objects.iter());
    let shown = match router.route(&world.asking(&Key::default()), name, Moment::default()) {
        Err(refusal) => format!("{refusal:?}"),
        Ok(route) => {
            let first = route.first.iter().map(|part| format!("{} {}", part.reach.upstream, part.share / 10_000));
            let next = route.next.iter().map(|reach| reach.upstream.to_string()).collect::<Vec<_>>().join(", ");
            format!("{}; {next}", first.collect::<Vec<_>>().join(", "))
        }
    };
    assert_eq!(shown, expected, "{name}");
}

fn group(lines: &[(&str, &str, &str)]) -> String {
    let entries = lines.iter().map(|(id, name, rest)| {
        format!(
            "  - {{model_name: {name}, litellm_params: {{model: openai/{id}, {rest}}}, model_info: {{id: {id}}}}}\n"
        )
    });
    format!("model_list:\n{}", entries.collect::<String>())
}

#[test]
fn shares_follow_the_first_measure_that_anybody_has() {
    let weights = group(&[("a", "g", "weight: 0.7"), ("b", "g", "weight: 0.3"), ("c", "g", "rpm: 900")]);
    check(&weights, "g", "openai/a 70, openai/b 30; ");
    let limits = group(&[("a", "g", "rpm: 300"), ("b", "g", "rpm: 100, tpm: 5"), ("c", "g", "tpm: 1000")]);
    check(&limits, "g", "openai/a 75, openai/b 25; ");
    check(&group(&[("a", "g", ""), ("b", "g", "")]), "g", "openai/a 50, openai/b 50; ");
    check(&group(&[("a", "g", "weight: 0"), ("b", "g", "")]), "g", "openai/a 50, openai/b 50; ");
}

#[test]
fn what_comes_after() {
    let ordered = group(&[("a", "g", "order: 2"), ("b", "g", "order: 1"), ("c", "g", "")]);
    check(&ordered, "g", "openai/b 100; openai/a, openai/c");
    let two = group(&[("a", "g", ""), ("b", "h", ""), ("c", "i", "")]);
    let with = |settings: &str| format!("{two}router_settings: {settings}\n");
    check(&with("{fallbacks: [{g: [h, i]}]}"), "g", "openai/a 100; openai/b, openai/c");
    check(&with("{fallbacks: [{g: [{model: h}]}], default_fallbacks: [i]}"), "g", "openai/a 100; openai/b");
    check(&with("{default_fallbacks: [i]}"), "g", "openai/a 100; openai/c");
    check(&with("{fallbacks: [{\"*\": [i]}]}"), "h", "openai/b 100; openai/c");
    check(&with("{fallbacks: [{g: [h]}], model_group_alias: {x: g}}"), "x", "openai/a 100; openai/b");
    check(&format!("{two}litellm_settings: {{fallbacks: [{{g: [h]}}]}}\n"), "g", "openai/a 100; openai/b");
    check(&two, "nobody", "NoDeployment");
}
