//! The accounting: what became of every field of every source object. A field that nobody speaks for is not
//! forgotten: the rule tables speak for it, and where they are silent too, that is said.

use std::collections::BTreeMap;

use inventory::{Entity, Inventory};
use model::{Code, Finding, OpId, SourceId};

use crate::rules;
use crate::types::{Action, Fate, Fidelity, FieldLine, ObjectFate, Op};

/// What became of one field, as a rule says it.
#[derive(Clone, Debug)]
struct Said {
    op: Option<OpId>,
    target: Option<String>,
    fidelity: Fidelity,
    note: String,
}

/// What became of one object, as a rule says it.
#[derive(Clone, Debug, Default)]
struct Account {
    fields: BTreeMap<String, Said>,
    ops: Vec<OpId>,
    fate: Option<(Fate, String)>,
}

/// The accounting under way.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    accounts: BTreeMap<SourceId, Account>,
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
        note: impl Into<String>,
    ) {
        self.goes_into(object, op);
        self.say(
            object,
            field,
            Said { op: Some(op.clone()), target: Some(target.to_owned()), fidelity, note: note.into() },
        );
    }

    /// The field arrives exactly.
    pub(crate) fn exact(&mut self, object: &SourceId, field: &str, op: &OpId, target: &str) {
        self.carried(object, field, op, target, Fidelity::Exact, "");
    }

    /// The field does not arrive.
    pub(crate) fn left(&mut self, object: &SourceId, field: &str, fidelity: Fidelity, note: impl Into<String>) {
        self.say(object, field, Said { op: None, target: None, fidelity, note: note.into() });
    }

    /// Of two things said of one field, the worse one counts: a budget row may be held for one key and not for another.
    fn say(&mut self, object: &SourceId, field: &str, said: Said) {
        let fields = &mut self.account(object).fields;
        if fields.get(field).is_none_or(|before| before.fidelity <= said.fidelity) {
            fields.insert(field.to_owned(), said);
        }
    }

    /// Whether it is said already what became of the object as a whole.
    pub(crate) fn is_placed(&self, object: &SourceId) -> bool {
        self.accounts.get(object).is_some_and(|account| account.fate.is_some() || !account.ops.is_empty())
    }

    fn account(&mut self, object: &SourceId) -> &mut Account {
        self.accounts.entry(object.clone()).or_default()
    }

    /// Closes the books: each object once, each field once, in an op or with its object.
    pub(crate) fn close(
        mut self,
        inventory: &Inventory,
        ops: &mut [Op],
        findings: &mut Vec<Finding>,
    ) -> Vec<ObjectFate> {
        let mut by_op: BTreeMap<OpId, Vec<FieldLine>> = BTreeMap::new();
        let skipped: BTreeMap<OpId, String> =
            ops.iter().filter(|op| op.action == Action::Skip).map(|op| (op.id.clone(), op.reason.clone())).collect();
        let mut objects = Vec::new();
        for (id, entity) in &inventory.entities {
            let account = self.accounts.remove(id).unwrap_or_default();
            objects.push(close_object(id, entity, account, &skipped, &mut by_op, findings));
        }
        for op in ops {
            op.fields = by_op.remove(&op.id).unwrap_or_default();
            op.fields.sort();
        }
        objects
    }
}

fn close_object(
    id: &SourceId,
    entity: &Entity,
    account: Account,
    skipped: &BTreeMap<OpId, String>,
    by_op: &mut BTreeMap<OpId, Vec<FieldLine>>,
    findings: &mut Vec<Finding>,
) -> ObjectFate {
    let kind = entity.object.kind;
    let mut own = Vec::new();
    for (path, field) in &entity.object.fields {
        let said = account.fields.get(&**path).cloned().unwrap_or_else(|| by_rule(id, entity, path, findings));
        let line = FieldLine {
            object: id.clone(),
            source: path.to_string(),
            target: said.target,
            fidelity: said.fidelity,
            note: said.note,
            origin: field.origin.clone(),
        };
        match said.op.or_else(|| account.ops.first().cloned()) {
            Some(op) => by_op.entry(op).or_default().push(line),
            None => own.push(line),
        }
    }
    let left_alone = account.ops.iter().map(|op| skipped.get(op)).collect::<Option<Vec<_>>>();
    let (fate, note) = account.fate.unwrap_or_else(|| match (account.ops.is_empty(), left_alone) {
        (true, _) => rules::fate(kind, &entity.object.id),
        (false, Some(reasons)) => (Fate::Manual, reasons.first().map(|reason| (*reason).clone()).unwrap_or_default()),
        (false, None) => (Fate::Moved, String::new()),
    });
    ObjectFate {
        id: id.clone(),
        kind: kind.word().to_owned(),
        name: entity.name.clone(),
        fate,
        note,
        ops: account.ops,
        origins: entity.origins.clone(),
        fields: own,
    }
}

/// What the tables say of a field that no rule spoke for.
fn by_rule(id: &SourceId, entity: &Entity, path: &str, findings: &mut Vec<Finding>) -> Said {
    let value = entity.object.value(path);
    if let Some(rule) = rules::field(entity.object.kind, path, value) {
        return Said { op: None, target: None, fidelity: rule.fidelity, note: rule.note.to_owned() };
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
    Said {
        op: None,
        target: None,
        fidelity: Fidelity::Manual,
        note: "not known to this version of Gangway; look at it by hand".to_owned(),
    }
}
