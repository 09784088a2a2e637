//! The fields of an object, in the order of their paths. A sorted list and not a tree: an object has a dozen fields,
//! and there are ten thousand objects.

use std::iter::Zip;
use std::sync::Arc;

use super::Field;

/// As many paths are looked through from the first to the last; more are halved.
const FEW: usize = 48;

/// Fields by path. A path is shared with the origin that ends in it, and by every row of a table. The paths stand by
/// themselves: to look one up takes a few lines of memory, and the values of all fields take twenty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields {
    /// In their order, each once.
    paths: Vec<Arc<str>>,
    /// At the places of their paths.
    fields: Vec<Field>,
}

impl Fields {
    /// None, with room for so many.
    pub fn with_capacity(count: usize) -> Self {
        Self { paths: Vec::with_capacity(count), fields: Vec::with_capacity(count) }
    }

    /// The field of a path.
    pub fn get(&self, path: &str) -> Option<&Field> {
        self.fields.get(self.place(path)?)
    }

    /// The field of a path, to be changed.
    pub fn get_mut(&mut self, path: &str) -> Option<&mut Field> {
        let at = self.place(path)?;
        self.fields.get_mut(at)
    }

    /// Whether there is a field of that path.
    pub fn contains_key(&self, path: &str) -> bool {
        self.place(path).is_some()
    }

    /// Puts a field, and gives the one it replaces.
    pub fn insert(&mut self, path: impl Into<Arc<str>>, field: Field) -> Option<Field> {
        let path = path.into();
        let last = self.paths.last().is_none_or(|last| *last < path);
        match if last { Err(self.paths.len()) } else { self.find(&path) } {
            Ok(at) => self.fields.get_mut(at).map(|before| std::mem::replace(before, field)),
            Err(at) => {
                self.paths.insert(at, path);
                self.fields.insert(at, field);
                None
            }
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// The fields with their paths.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, &Field)> {
        self.into_iter()
    }

    /// The paths.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &Arc<str>> {
        self.paths.iter()
    }

    /// The fields.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Field> {
        self.fields.iter()
    }

    /// The fields with their paths, to be changed.
    pub fn iter_mut(&mut self) -> impl ExactSizeIterator<Item = (&Arc<str>, &mut Field)> {
        self.into_iter()
    }

    fn place(&self, path: &str) -> Option<usize> {
        // Of a few, most have another length, which is seen without looking at the text.
        if self.paths.len() <= FEW { self.paths.iter().position(|at| **at == *path) } else { self.find(path).ok() }
    }

    fn find(&self, path: &str) -> Result<usize, usize> {
        self.paths.binary_search_by(|at| (**at).cmp(path))
    }
}

impl IntoIterator for Fields {
    type Item = (Arc<str>, Field);
    type IntoIter = Zip<std::vec::IntoIter<Arc<str>>, std::vec::IntoIter<Field>>;

    fn into_iter(self) -> Self::IntoIter {
        self.paths.into_iter().zip(self.fields)
    }
}

impl<'a> IntoIterator for &'a Fields {
    type Item = (&'a Arc<str>, &'a Field);
    type IntoIter = Zip<std::slice::Iter<'a, Arc<str>>, std::slice::Iter<'a, Field>>;

    fn into_iter(self) -> Self::IntoIter {
        self.paths.iter().zip(&self.fields)
    }
}

impl<'a> IntoIterator for &'a mut Fields {
    type Item = (&'a Arc<str>, &'a mut Field);
    type IntoIter = Zip<std::slice::Iter<'a, Arc<str>>, std::slice::IterMut<'a, Field>>;

    fn into_iter(self) -> Self::IntoIter {
        self.paths.iter().zip(&mut self.fields)
    }
}

impl<P: Into<Arc<str>>> FromIterator<(P, Field)> for Fields {
    fn from_iter<I: IntoIterator<Item = (P, Field)>>(fields: I) -> Self {
        let mut all = Self::default();
        for (path, field) in fields {
            all.insert(path, field);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::Origin;
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::Held;

    fn field(value: u8) -> Field {
        Field { held: Held::Plain(Value::from(value)), origin: Origin::whole("test") }
    }

    proptest! {
        /// Whatever is put in whatever order, it answers as a map does.
        #[test]
        fn they_answer_as_a_map_does(put in prop::collection::vec(("[a-c.]{0,3}", any::<u8>()), 0..40), asked in "[a-c.]{0,3}") {
            let (mut fields, mut map) = (Fields::default(), BTreeMap::new());
            for (path, value) in &put {
                prop_assert_eq!(fields.insert(path.as_str(), field(*value)), map.insert(path.clone(), field(*value)));
            }
            prop_assert_eq!(fields.get(&asked), map.get(&asked));
            prop_assert_eq!(fields.contains_key(&asked), map.contains_key(&asked));
            prop_assert_eq!(fields.len(), map.len());
            let listed: Vec<(String, Field)> = fields.into_iter().map(|(path, field)| (path.to_string(), field)).collect();
            prop_assert_eq!(listed, map.into_iter().collect::<Vec<_>>());
        }
    }
}
