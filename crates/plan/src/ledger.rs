//! The accounting: what became of every field of every source object. A field that nobody speaks for is not
//! forgotten: the rule tables speak for it, and where they are silent too, that is said.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use inventory::{Entity, Inventory};
use model::{Code, Finding, OpId, SourceId};

use crate::in_step::InStep;
use crate::rules;
use crate::types::{Action, Fate, Fidelity, FieldLine, ObjectFate, Op};

/// What became of one field, as a rule says it.
#[derive(Clone, Debug)]
struct Said {
    op: Option<OpId>,
    target: Option<Arc<str>>,
    fidelity: Fidelity,
    note: Arc<str>,
}

/// What became of one object, as a rule says it.
#[derive(Clone, Debug, Default)]
struct Account {
    /// By field; a dozen, so a list.
    fields: Vec<(Arc<str>, Said)>,
    ops: Vec<OpId>,
    fate: Option<(Fate, String)>,
}

impl Account {
    /// How many fields most objects have at most: a list that grows to that is moved three times.
    const FIELDS: usize = 24;

    fn new() -> Self {
        Self { fields: Vec::with_capacity(Self::FIELDS), ..Self::default() }
    }
}

/// The accounting under way.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    accounts: BTreeMap<SourceId, Account>,
    /// The account that is open: of one object a dozen things are said in a row.
    open: Option<(SourceId, Account)>,
    texts: Texts,
}

/// Every text that was said, to be shared by all who say it.
#[derive(Debug)]
struct Texts {
    all: BTreeSet<Arc<str>>,
    /// Those that were said last, each at the place of its length and some of its letters. A text that is found there is
    /// compared, so that no other one is taken for it.
    last: Vec<Option<Arc<str>>>,
}

impl Default for Texts {
    fn default() -> Self {
        Self { all: BTreeSet::new(), last: vec![None; Self::PLACES] }
    }
}

impl Texts {
    const PLACES: usize = 256;

    /// The text as everybody has it who says it.
    fn of(&mut self, text: &str) -> Arc<str> {
        let letter = |at: usize| text.as_bytes().get(at).map_or(0, |letter| usize::from(*letter));
        let (length, letters) =
            (text.len(), letter(0) + 7 * letter(text.len() / 2) + 31 * letter(text.len().saturating_sub(4)));
        let place = (length.wrapping_mul(37) + letters) % Self::PLACES;
        if let Some(Some(last)) = self.last.get(place)
            && **last == *text
        {
            return Arc::clone(last);
        }
        let known = self.all.get(text).cloned().unwrap_or_else(|| {
            let new: Arc<str> = text.into();
            self.all.insert(Arc::clone(&new));
            new
        });
        if let Some(last) = self.last.get_mut(place) {
            *last = Some(Arc::clone(&known));
        }
        known
    }
}

/// The books when they are closed.
#[derive(Debug, Default)]
pub(crate) struct Closed {
    pub(crate) objects: Vec<ObjectFate>,
    pub(crate) findings: Vec<Finding>,
    /// In the order of the ops.
    by_op: Vec<Vec<FieldLine>>,
}

impl Closed {
    /// Gives each op the fields it carries.
    pub(crate) fn put_into(&mut self, ops: &mut [Op]) {
        for (op, lines) in ops.iter_mut().zip(std::mem::take(&mut self.by_op)) {
            op.fields = lines;
        }
    }
}

impl Ledger {
    /// The object went into this op; the first one is where its silent fields are listed.
    pub(crate) fn goes_into(&mut self, object: &SourceId, op: &OpId) {
        let ops = &mut self.account(object).ops;
        if !ops.contains(op) {
            ops.push(op.clone());
        }
    }

    /// The object as a whole ends this way, which overrules what its ops say.
    pub(crate) fn ends(&mut self, object: &SourceId, fate: Fate, note: impl Into<String>) {
        self.account(object).fate = Some((fate, note.into()));
    }

    /// The field arrives in `target` of the op, this faithfully.
    pub(crate) fn carried(
        &mut self,
        object: &SourceId,
        field: &str,
        op: &OpId,
        target: &str,
        fidelity: Fidelity,
        note: impl AsRef<str>,
    ) {
        self.goes_into(object, op);
        let (target, note) = (Some(self.texts.of(target)), self.texts.of(note.as_ref()));
        self.say(object, field, Said { op: Some(op.clone()), target, fidelity, note });
    }

    /// The field arrives exactly.
    pub(crate) fn exact(&mut self, object: &SourceId, field: &str, op: &OpId, target: &str) {
        self.carried(object, field, op, target, Fidelity::Exact, "");
    }

    /// The field does not arrive.
    pub(crate) fn left(&mut self, object: &SourceId, field: &str, fidelity: Fidelity, note: impl AsRef<str>) {
        let note = self.texts.of(note.as_ref());
        self.say(object, field, Said { op: None, target: None, fidelity, note });
    }

    /// Of two things said of one field, the worse one counts: a budget row may be held for one key and not for another.
    fn say(&mut self, object: &SourceId, field: &str, said: Said) {
        let field = self.texts.of(field);
        let fields = &mut self.account(object).fields;
        match fields.iter_mut().find(|(other, _)| *other == field) {
            Some((_, before)) if before.fidelity <= said.fidelity => *before = said,
            Some(_) => {}
            None => fields.push((field, said)),
        }
    }

    /// Whether it is said already what became of the object as a whole.
    pub(crate) fn is_placed(&self, object: &SourceId) -> bool {
        let open = self.open.as_ref().filter(|(id, _)| id == object).map(|(_, account)| account);
        let account = open.or_else(|| self.accounts.get(object));
        account.is_some_and(|account| account.fate.is_some() || !account.ops.is_empty())
    }

    fn account(&mut self, object: &SourceId) -> &mut Account {
        if self.open.as_ref().is_some_and(|(id, _)| id != object) {
            self.put_back();
        }
        let Self { accounts, open, .. } = self;
        &mut open.get_or_insert_with(|| (object.clone(), accounts.remove(object).unwrap_or_else(Account::new))).1
    }

    fn put_back(&mut self) {
        self.accounts.extend(self.open.take());
    }

    /// Closes the books: each object once, each field once, in an op or with its object.
    pub(crate) fn close(mut self, inventory: &Inventory, ops: &[Op]) -> Closed {
        self.put_back();
        let mut closed = Closed {
            objects: Vec::with_capacity(inventory.entities.len()),
            findings: Vec::new(),
            by_op: vec![Vec::new(); ops.len()],
        };
        let skipped: BTreeMap<&OpId, &str> =
            ops.iter().filter(|op| op.action == Action::Skip).map(|op| (&op.id, op.reason.as_str())).collect();
        let mut places = InStep::of(ops.iter().enumerate().map(|(place, op)| (op.id.as_str(), place)));
        for (id, entity) in &inventory.entities {
            let mut account = self.accounts.remove(id).unwrap_or_default();
            self.tables_speak(id, entity, &mut account, &mut closed.findings);
            let lines = Lines { by_op: &mut closed.by_op, places: &mut places, of: None, most: account.fields.len() };
            closed.objects.push(close_object(id, entity, account, &skipped, lines));
        }
        for lines in &mut closed.by_op {
            lines.sort();
            lines.shrink_to_fit();
        }
        closed
    }

    /// What the tables say of the fields that no rule spoke for.
    fn tables_speak(&mut self, id: &SourceId, entity: &Entity, account: &mut Account, findings: &mut Vec<Finding>) {
        for (path, _) in &entity.object.fields {
            if !account.fields.iter().any(|(field, _)| field == path) {
                let (fidelity, note) = by_rule(id, entity, path, findings);
                let said = Said { op: None, target: None, fidelity, note: self.texts.of(note) };
                account.fields.push((Arc::clone(path), said));
            }
        }
    }
}

fn close_object(
    id: &SourceId,
    entity: &Entity,
    account: Account,
    skipped: &BTreeMap<&OpId, &str>,
    mut lines: Lines<'_, '_>,
) -> ObjectFate {
    let kind = entity.object.kind;
    let mut own = Vec::new();
    for (path, said) in account.fields {
        let Some(field) = entity.object.fields.get(&path) else { continue };
        let line = FieldLine {
            object: id.clone(),
            source: path,
            target: said.target,
            fidelity: said.fidelity,
            note: said.note,
            origin: field.origin.clone(),
        };
        match said.op.as_ref().or(account.ops.first()) {
            Some(op) => lines.push(op, line),
            None => own.push(line),
        }
    }
    lines.put_down();
    // In the order in which the object has its fields.
    own.sort_by(|left, right| left.source.cmp(&right.source));
    let left_alone = account.ops.iter().map(|op| skipped.get(op)).collect::<Option<Vec<_>>>();
    let (fate, note) = account.fate.unwrap_or_else(|| match (account.ops.is_empty(), left_alone) {
        (true, _) => rules::fate(kind, &entity.object.id),
        (false, Some(reasons)) => {
            (Fate::Manual, reasons.first().map(|reason| (**reason).to_owned()).unwrap_or_default())
        }
        (false, None) => (Fate::Moved, String::new()),
    });
    ObjectFate {
        id: id.clone(),
        kind: kind.word().to_owned(),
        name: entity.name.clone(),
        fate,
        note,
        made_at: crate::delta::made_at(entity),
        ops: account.ops,
        origins: entity.origins.clone(),
        fields: own,
    }
}

/// The lines of the ops, while those of an object are written: most objects go into one op.
struct Lines<'l, 'o> {
    by_op: &'l mut Vec<Vec<FieldLine>>,
    places: &'l mut InStep<'o, usize>,
    of: Option<(OpId, Vec<FieldLine>)>,
    /// How many there may be.
    most: usize,
}

impl Lines<'_, '_> {
    fn push(&mut self, op: &OpId, line: FieldLine) {
        if self.of.as_ref().is_some_and(|(of, _)| of != op) {
            self.put_down();
        }
        let most = self.most;
        self.of.get_or_insert_with(|| (op.clone(), Vec::with_capacity(most))).1.push(line);
    }

    fn put_down(&mut self) {
        let Some((op, mut lines)) = self.of.take() else { return };
        let before = self.places.find(op.as_str()).and_then(|place| self.by_op.get_mut(*place));
        match before {
            Some(before) if before.is_empty() => *before = lines,
            Some(before) => before.append(&mut lines),
            None => {}
        }
    }
}

/// What the tables say of a field that no rule spoke for.
fn by_rule(id: &SourceId, entity: &Entity, path: &str, findings: &mut Vec<Finding>) -> (Fidelity, &'static str) {
    let value = entity.object.value(path);
    if let Some(rule) = rules::field(entity.object.kind, path, value) {
        return (rule.fidelity, rule.note);
    }
    let mut finding = Finding::warning(
        Code::new("plan.unknown_field"),
        id.as_str(),
        format!("{path} is a field this version of Gangway does not know; it is not moved"),
    )
    .hint("look at the value and set what it stands for by hand");
    if let Some(field) = entity.object.fields.get(path) {
        finding = finding.at(field.origin.clone());
    }
    findings.push(finding);
    (Fidelity::Manual, "not known to this version of Gangway; look at it by hand")
}
