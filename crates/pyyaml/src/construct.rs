//! A graph to values: PyYAML's `SafeConstructor`, with merges, aliases by expansion and duplicate keys.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::graph::{Content, Graph, Id};
use crate::problem::Problem;
use crate::resolve::Tag;
use crate::{Entry, MAX_ALIAS_NODES, MAX_DEPTH, Node, Position, Value, binary, number, time};

/// The values of a document, with everything that was wrong with them.
#[derive(Debug)]
pub(crate) struct Constructed {
    pub(crate) root: Option<Node>,
    pub(crate) problems: Vec<(Problem, Position)>,
}

/// An aliased text counts as one node more for each of these, so that a long one cannot fill the memory.
const BYTES_PER_NODE: usize = 160;

/// How much of a repeated key is shown, in characters.
const SHOWN_KEY: usize = 80;

/// More problems than this help nobody.
const MAX_PROBLEMS: usize = 1000;

/// Constructs the value of a node. A value that cannot be constructed leaves a problem and no root.
pub(crate) fn construct(graph: Graph<'_>, root: Id) -> Constructed {
    let mut constructor = Constructor { graph, problems: Vec::new(), refused: false, stopped: false, expanded: 0 };
    let node = constructor.node(root, 0);
    let refused = constructor.refused || constructor.stopped;
    Constructed { root: node.filter(|_| !refused), problems: constructor.problems }
}

struct Constructor<'t> {
    graph: Graph<'t>,
    problems: Vec<(Problem, Position)>,
    refused: bool,
    /// A budget is used up: go no further.
    stopped: bool,
    /// Nodes made by expanding aliases and merges.
    expanded: usize,
}

impl<'t> Constructor<'t> {
    fn refuse<T>(&mut self, problem: Problem, at: Position) -> Option<T> {
        self.refused = true;
        self.note(problem, at);
        None
    }

    fn stop<T>(&mut self, problem: Problem, at: Position) -> Option<T> {
        self.stopped = true;
        self.problems.push((problem, at));
        None
    }

    fn note(&mut self, problem: Problem, at: Position) {
        let found = (problem, at);
        if self.problems.len() < MAX_PROBLEMS && !self.problems.contains(&found) {
            self.problems.push(found);
        }
    }

    /// Counts `count` nodes against the alias budget.
    fn spend(&mut self, count: usize, at: Position) -> Option<()> {
        self.expanded = self.expanded.saturating_add(count);
        if self.expanded > MAX_ALIAS_NODES { self.stop(Problem::AliasBudget, at) } else { Some(()) }
    }

    /// `construct_object`. `depth` counts the collections around it, through aliases too, so recursion is bounded.
    fn node(&mut self, id: Id, depth: usize) -> Option<Node> {
        let raw = self.graph.node(id);
        let (tag, at, seen) = (raw.tag, raw.at, raw.built);
        if self.stopped {
            return None;
        }
        if depth > MAX_DEPTH {
            return self.stop(Problem::Depth, at);
        }
        if seen {
            self.spend(1, at)?;
        }
        let value = self.value(id, tag, at, depth);
        self.graph.node_mut(id).built = true;
        Some(Node { value: value?, at })
    }

    fn value(&mut self, id: Id, tag: Tag, at: Position, depth: usize) -> Option<Value> {
        match tag {
            Tag::Seq => self.sequence(id, depth).map(Value::Sequence),
            Tag::Map => self.mapping(id, depth).map(Value::Mapping),
            Tag::Set => {
                let entries = self.mapping(id, depth)?;
                Some(Value::Set(entries.into_iter().map(|entry| entry.key).collect()))
            }
            Tag::Omap | Tag::Pairs => self.pairs(id, depth).map(Value::Pairs),
            Tag::Merge => self.refuse(Problem::Indicator("`<<`"), at),
            Tag::Value => self.refuse(Problem::Indicator("`=`"), at),
            Tag::Unknown => self.refuse(Problem::Tag, at),
            Tag::Null | Tag::Bool | Tag::Int | Tag::Float | Tag::Binary | Tag::Timestamp | Tag::Str => {
                let text = self.scalar(id)?;
                if self.graph.node(id).built {
                    self.spend(text.len() / BYTES_PER_NODE, at)?;
                }
                match scalar_value(tag, text) {
                    Ok(value) => Some(value),
                    Err(what) => self.refuse(Problem::Value(what), at),
                }
            }
        }
    }

    /// `construct_scalar`: the text; of a mapping with a `=` key, the text under that.
    fn scalar(&mut self, id: Id) -> Option<Cow<'t, str>> {
        let mut id = id;
        loop {
            let raw = self.graph.node(id);
            let at = raw.at;
            let found = match &raw.content {
                Content::Scalar(text) => return Some(text.clone()),
                Content::Mapping(pairs) => {
                    let inner = pairs.iter().find(|(key, _)| self.graph.node(*key).tag == Tag::Value);
                    inner.map(|(_, value)| *value)
                }
                Content::Sequence(_) => None,
            };
            match found {
                Some(inner) => id = inner,
                None => return self.wrong_kind(id, "a single value", at),
            }
        }
    }

    fn wrong_kind<T>(&mut self, id: Id, wanted: &'static str, at: Position) -> Option<T> {
        let found = self.graph.node(id).content.name();
        self.refuse(Problem::Kind { wanted, found }, at)
    }

    fn sequence(&mut self, id: Id, depth: usize) -> Option<Vec<Node>> {
        let raw = self.graph.node(id);
        let at = raw.at;
        let Content::Sequence(items) = &raw.content else { return self.wrong_kind(id, "a list", at) };
        let items = items.clone();
        let mut nodes = Vec::with_capacity(items.len());
        nodes.extend(items.into_iter().filter_map(|item| self.node(item, depth + 1)));
        Some(nodes)
    }

    /// `construct_yaml_omap` and `construct_yaml_pairs`: a list of mappings with one entry each.
    fn pairs(&mut self, id: Id, depth: usize) -> Option<Vec<(Node, Node)>> {
        let raw = self.graph.node(id);
        let at = raw.at;
        let Content::Sequence(items) = &raw.content else { return self.wrong_kind(id, "a list of pairs", at) };
        let mut pairs = Vec::with_capacity(items.len());
        for item in items.clone() {
            let item_at = self.graph.node(item).at;
            let pair = match &self.graph.node(item).content {
                Content::Mapping(pairs) if pairs.len() == 1 => pairs.first().copied(),
                _ => None,
            };
            let Some((key, value)) = pair else {
                return self.wrong_kind(item, "a mapping with one entry", item_at);
            };
            if let (Some(key), Some(value)) = (self.node(key, depth + 2), self.node(value, depth + 2)) {
                pairs.push((key, value));
            }
        }
        Some(pairs)
    }

    /// `construct_mapping`: merges first, then the entries in order; a later value replaces an earlier one.
    fn mapping(&mut self, id: Id, depth: usize) -> Option<Vec<Entry>> {
        let at = self.graph.node(id).at;
        if !matches!(self.graph.node(id).content, Content::Mapping(_)) {
            return self.wrong_kind(id, "a mapping", at);
        }
        self.flatten(id, depth)?;
        let raw = self.graph.node(id);
        let (merged, first_time) = (raw.merged, !raw.built);
        let Content::Mapping(pairs) = &raw.content else { return None };
        let pairs = pairs.clone();
        let mut dict = Dict::with_room_for(pairs.len());
        for (index, (key, value)) in pairs.into_iter().enumerate() {
            let own = index >= merged;
            let key = self.key(key, depth + 1);
            let value = self.node(value, depth + 1);
            let Some(key) = key else { continue };
            let place = dict.place(&key.value);
            if let Some(first) = dict.first(place).filter(|_| own && first_time) {
                self.note(duplicate(&key, first), key.at);
            }
            if let Some(value) = value {
                dict.set(place, key, value, own);
            }
        }
        Some(dict.entries)
    }

    /// PyYAML refuses a collection as a key before it looks into it.
    fn key(&mut self, id: Id, depth: usize) -> Option<Node> {
        let raw = self.graph.node(id);
        let at = raw.at;
        if let Some(kind) = collection(raw.tag) {
            return self.refuse(Problem::Key(kind), at);
        }
        let key = self.node(id, depth)?;
        match key.value {
            Value::Sequence(_) | Value::Mapping(_) | Value::Set(_) | Value::Pairs(_) => {
                self.refuse(Problem::Key(key.kind()), key.at)
            }
            _ => Some(key),
        }
    }

    /// `flatten_mapping`: puts what `<<` keys merge in front of the mapping's own pairs, once.
    fn flatten(&mut self, id: Id, depth: usize) -> Option<()> {
        let at = self.graph.node(id).at;
        if depth > MAX_DEPTH {
            return self.stop(Problem::Depth, at);
        }
        let raw = self.graph.node_mut(id);
        let Content::Mapping(pairs) = &mut raw.content else { return Some(()) };
        if std::mem::replace(&mut raw.flat, true) {
            return Some(());
        }
        let pairs = std::mem::take(pairs);
        let (mut merged, mut own) = (Vec::new(), Vec::with_capacity(pairs.len()));
        for (key, value) in pairs {
            match self.graph.node(key).tag {
                Tag::Merge => self.merge(value, depth + 1, &mut merged)?,
                Tag::Value => {
                    self.graph.node_mut(key).tag = Tag::Str;
                    own.push((key, value));
                }
                _ => own.push((key, value)),
            }
        }
        let raw = self.graph.node_mut(id);
        raw.merged = merged.len();
        merged.append(&mut own);
        raw.content = Content::Mapping(merged);
        Some(())
    }

    /// Appends the pairs one `<<` merges: of a list, the first mapping comes last and so wins.
    fn merge(&mut self, id: Id, depth: usize, into: &mut Vec<(Id, Id)>) -> Option<()> {
        let raw = self.graph.node(id);
        let at = raw.at;
        let sources = match &raw.content {
            Content::Mapping(_) => vec![id],
            Content::Sequence(items) => items.clone(),
            Content::Scalar(_) => return self.refuse(Problem::Merge, at),
        };
        let mut merged = Vec::with_capacity(sources.len());
        for source in sources {
            self.flatten(source, depth)?;
            let source = self.graph.node(source);
            let (at, Content::Mapping(pairs)) = (source.at, &source.content) else {
                let at = source.at;
                return self.refuse(Problem::Merge, at);
            };
            let pairs = pairs.clone();
            self.spend(pairs.len(), at)?;
            merged.push(pairs);
        }
        into.extend(merged.into_iter().rev().flatten());
        Some(())
    }
}

/// What a collection of this type is called; nothing for all other types.
fn collection(tag: Tag) -> Option<&'static str> {
    match tag {
        Tag::Seq => Some("list"),
        Tag::Map => Some("mapping"),
        Tag::Set => Some("set"),
        Tag::Omap | Tag::Pairs => Some("list of pairs"),
        _ => None,
    }
}

/// A mapping of so few keys is looked through; a larger one has its keys in order.
const FEW: usize = 16;

/// A Python dict being filled.
struct Dict {
    entries: Vec<Entry>,
    /// For each entry, where the mapping itself (no merge) wrote its key first.
    firsts: Vec<Option<Position>>,
    /// The places of the keys among the entries, once they are more than a few.
    places: BTreeMap<Hashed, usize>,
}

impl Dict {
    fn with_room_for(count: usize) -> Self {
        Self { entries: Vec::with_capacity(count), firsts: Vec::with_capacity(count), places: BTreeMap::new() }
    }

    /// Where a key is among the entries.
    fn place(&self, key: &Value) -> Option<usize> {
        if self.entries.len() > FEW {
            return Hashed::of(key).and_then(|hash| self.places.get(&hash).copied());
        }
        self.entries.iter().position(|entry| same(&entry.key.value, key))
    }

    fn first(&self, place: Option<usize>) -> Option<Position> {
        self.firsts.get(place?).copied().flatten()
    }

    /// `dict[key] = value`: a known key keeps its place and its first spelling.
    fn set(&mut self, place: Option<usize>, key: Node, value: Node, own: bool) {
        let own_at = own.then_some(key.at);
        let known = place.and_then(|place| Some((self.entries.get_mut(place)?, self.firsts.get_mut(place)?)));
        if let Some((entry, first)) = known {
            entry.value = value;
            *first = first.or(own_at);
            return;
        }
        self.entries.push(Entry { key, value });
        self.firsts.push(own_at);
        if self.entries.len() > FEW {
            let new = self.entries.iter().enumerate().skip(self.places.len());
            self.places.extend(new.filter_map(|(place, entry)| Some((Hashed::of(&entry.key.value)?, place))));
        }
    }
}

/// Whether two keys are one to a Python dict.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => left == right,
        (Value::Text(_), _) | (_, Value::Text(_)) => false,
        _ => Hashed::of(left) == Hashed::of(right),
    }
}

fn duplicate(key: &Node, first: Position) -> Problem {
    let key = key.key_text().chars().take(SHOWN_KEY).collect();
    Problem::DuplicateKey { key, line: first.line, column: first.column }
}

/// The value of a scalar of this type, or what it fails to be.
fn scalar_value(tag: Tag, text: Cow<'_, str>) -> Result<Value, &'static str> {
    match tag {
        Tag::Null => Ok(Value::Null),
        Tag::Bool => match text.to_lowercase().as_str() {
            "yes" | "true" | "on" => Ok(Value::Bool(true)),
            "no" | "false" | "off" => Ok(Value::Bool(false)),
            _ => Err("boolean"),
        },
        Tag::Int => number::int(&text).map(Value::Int).ok_or("integer"),
        Tag::Float => number::float(&text).map(Value::Float).ok_or("float"),
        Tag::Binary => binary::decode(&text).map(Value::Binary).ok_or("base64 text"),
        Tag::Timestamp => time::construct(&text).ok_or("date or time"),
        _ => Ok(Value::Text(text.into_owned())),
    }
}

/// A key as a Python dict compares it: `1`, `1.0` and `true` are one key, `"1"` is another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Hashed {
    Null,
    Whole(String),
    Float(u64),
    Text(String),
    Date(String),
    Naive(String),
    Instant(i64),
    Binary(Vec<u8>),
}

impl Hashed {
    fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Whole(u8::from(*value).to_string()),
            Value::Int(digits) => Self::Whole(digits.clone()),
            Value::Float(value) if *value == 0.0 => Self::Whole("0".to_owned()),
            Value::Float(value) if value.is_finite() && value.fract() == 0.0 => Self::Whole(format!("{value:.0}")),
            Value::Float(value) => Self::Float(value.to_bits()),
            Value::Text(text) => Self::Text(text.clone()),
            Value::Date(date) => Self::Date(date.clone()),
            Value::Timestamp(iso) => time::instant(iso).map_or_else(|| Self::Naive(iso.clone()), Self::Instant),
            Value::Binary(bytes) => Self::Binary(bytes.clone()),
            Value::Sequence(_) | Value::Mapping(_) | Value::Set(_) | Value::Pairs(_) => return None,
        })
    }
}
