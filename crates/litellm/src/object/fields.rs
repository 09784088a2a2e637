//! The fields of an object, in the order of their paths. A sorted list and not a tree: an object has a dozen fields,
//! and there are ten thousand objects.

use std::sync::Arc;

use super::Field;

/// Fields by path. A path is shared with the origin that ends in it, and by every row of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields(Vec<(Arc<str>, Field)>);

impl Fields {
    /// None, with room for so many.
    pub fn with_capacity(count: usize) -> Self {
        Self(Vec::with_capacity(count))
    }

    /// The field of a path.
    pub fn get(&self, path: &str) -> Option<&Field> {
        self.find(path).ok().and_then(|at| self.0.get(at)).map(|(_, field)| field)
    }

    /// The field of a path, to be changed.
    pub fn get_mut(&mut self, path: &str) -> Option<&mut Field> {
        self.find(path).ok().and_then(|at| self.0.get_mut(at)).map(|(_, field)| field)
    }

    /// Whether there is a field of that path.
    pub fn contains_key(&self, path: &str) -> bool {
        self.find(path).is_ok()
    }

    /// Puts a field, and gives the one it replaces.
    pub fn insert(&mut self, path: impl Into<Arc<str>>, field: Field) -> Option<Field> {
        let path = path.into();
        let last = self.0.last().is_none_or(|(last, _)| *last < path);
        match if last { Err(self.0.len()) } else { self.find(&path) } {
            Ok(at) => self.0.get_mut(at).map(|(_, before)| std::mem::replace(before, field)),
            Err(at) => {
                self.0.insert(at, (path, field));
                None
            }
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The fields with their paths.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, &Field)> {
        self.into_iter()
    }

    /// The paths.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &Arc<str>> {
        self.0.iter().map(|(path, _)| path)
    }

    /// The fields.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Field> {
        self.0.iter().map(|(_, field)| field)
    }

    /// The fields with their paths, to be changed.
    pub fn iter_mut(&mut self) -> impl ExactSizeIterator<Item = (&Arc<str>, &mut Field)> {
        self.into_iter()
    }

    fn find(&self, path: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(at, _)| (**at).cmp(path))
    }
}

impl IntoIterator for Fields {
    type Item = (Arc<str>, Field);
    type IntoIter = std::vec::IntoIter<(Arc<str>, Field)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// A field with its path.
type Entry = (Arc<str>, Field);

impl<'a> IntoIterator for &'a Fields {
    type Item = (&'a Arc<str>, &'a Field);
    type IntoIter = std::iter::Map<std::slice::Iter<'a, Entry>, fn(&'a Entry) -> Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|(path, field)| (path, field))
    }
}

impl<'a> IntoIterator for &'a mut Fields {
    type Item = (&'a Arc<str>, &'a mut Field);
    type IntoIter = std::iter::Map<std::slice::IterMut<'a, Entry>, fn(&'a mut Entry) -> Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter_mut().map(|(path, field)| (&*path, field))
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
