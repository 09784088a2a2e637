use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use report::{STYLE, html};
use sha2::{Digest, Sha256};

use crate::{OPEN, sample};

fn page() -> String {
    html(&sample::plan(), Some(&sample::journal()), OPEN)
}

#[test]
fn a_plan_as_a_page() {
    insta::assert_snapshot!("plan.html", without_style(&html(&sample::plan(), None, OPEN)));
}

#[test]
fn a_report_as_a_page() {
    insta::assert_snapshot!("report.html", without_style(&page()));
}

#[test]
fn a_refused_plan_says_so_first() {
    let page = html(&sample::refused(), None, OPEN);
    let head = &page[page.find("<h1>").unwrap()..page.find("<div class=\"tiles\">").unwrap()];
    insta::assert_snapshot!(head, @r#"
    <h1>Migration plan</h1>
    <p class="verdict bad">Refused: 1 key would gain access: zq-open-key, and 2 more reasons. Nothing will be written.</p>
    <ul class="refusals">
    <li>1 key would gain access: zq-open-key</li>
    <li>2 virtual keys: The gateway drops their expiry, and what to do then is not chosen</li>
    <li>not everything could be read</li>
    </ul>
    "#);
}

fn without_style(page: &str) -> String {
    let (head, rest) = page.split_once("<style>").unwrap();
    let (head, _) = head.split_once("sha256-").map(|(head, rest)| (head.to_owned(), rest)).unwrap();
    let (_, body) = rest.split_once("</style>").unwrap();
    format!("{head}…\n{body}")
}

#[test]
fn the_page_runs_nothing_and_fetches_nothing() {
    let mut plan = sample::plan();
    plan.ops[0].name = "<script>alert(1)</script><img src=//x onerror=y>\" onclick='z'".to_owned();
    plan.findings[0].message = "</style><link rel=stylesheet href=//x>".to_owned();
    let page = html(&plan, Some(&sample::journal()), OPEN).to_lowercase();
    let tags: Vec<&str> = page.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()).collect();
    for tag in &tags {
        let name = tag.split([' ', '\n']).next().unwrap();
        let banned = ["script", "img", "link", "iframe", "object", "embed", "form", "base", "video", "audio", "svg"];
        assert!(!banned.contains(&name), "<{tag}>");
        for attribute in [" src=", " srcset=", " style=", " onclick=", " onerror=", " action=", " background="] {
            assert!(!tag.contains(attribute), "<{tag}>");
        }
        if let Some((_, href)) = tag.split_once("href=") {
            assert!(href.starts_with("\"#"), "<{tag}>");
        }
    }
    assert!(!STYLE.contains("url(") && !STYLE.contains("@import") && !STYLE.contains("</"));
}

#[test]
fn nothing_on_the_page_is_invisible() {
    let mut plan = sample::plan();
    plan.ops[0].name = "prod\u{202e}yek\u{200b}\u{7}".to_owned();
    let page = html(&plan, None, OPEN);
    assert!(page.contains("<span class=\"name\">prod\\u{202e}yek\\u{200b}\\u{7}</span>"));
    assert!(!page.contains(['\u{202e}', '\u{200b}', '\u{7}']));
}

#[test]
fn the_policy_of_the_page_allows_its_own_style_only() {
    let page = page();
    let style = page.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let hash = STANDARD.encode(Sha256::digest(style.as_bytes()));
    let policy = format!(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{hash}'; \
         base-uri 'none'; form-action 'none'\">"
    );
    assert!(page.contains(&policy));
    assert!(page.find("Content-Security-Policy") < page.find("<style>"));
}

#[test]
fn every_link_has_its_place_and_every_place_is_single() {
    let page = page();
    let values = |attribute: &str| -> Vec<String> {
        page.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    };
    let ids = values(" id=\"");
    let mut unique = ids.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), ids.len());
    assert!(ids.contains(&"op-virtual_key/zq-prod-key".to_owned()));
    assert!(ids.contains(&"op-routing_rule/zq-private-gpt%20fallbacks".to_owned()));
    for link in values("href=\"#") {
        assert!(ids.contains(&link), "#{link}");
    }
}

#[test]
fn equal_plans_make_equal_pages() {
    assert_eq!(page(), page());
}

/// WCAG 2.2: 4.5 to 1 for text, on every ground it stands on, in both themes.
#[test]
fn every_ink_can_be_read_on_every_ground() {
    let tokens = STYLE.split_once("/* end of tokens */").unwrap().0;
    let (light, dark) = tokens.split_once("prefers-color-scheme").unwrap();
    for theme in [light, dark] {
        let colour = |name: &str| {
            let text = theme.split_once(&format!("--{name}: #")).unwrap().1;
            luminance(u32::from_str_radix(&text[..6], 16).unwrap())
        };
        let grounds = |ink: &str| match ink {
            "good" | "warn" | "bad" | "accent" => vec!["paper", "card", "sunk"],
            _ => vec!["paper", "card", "sunk", "good-soft", "warn-soft", "bad-soft", "accent-soft"],
        };
        for ink in ["ink", "soft", "accent", "good", "warn", "bad"] {
            let own = format!("{ink}-soft");
            let own = (!matches!(ink, "ink" | "soft")).then_some(own.as_str());
            for ground in grounds(ink).into_iter().chain(own) {
                let (a, b) = (colour(ink), colour(ground));
                let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
                assert!(contrast >= 4.5, "{ink} on {ground}: {contrast:.2}");
            }
        }
    }
}

fn luminance(rgb: u32) -> f64 {
    let channel = |shift: u32| {
        let value = f64::from(rgb >> shift & 0xff) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0)
}
