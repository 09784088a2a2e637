//! Looking things up by name in the order in which they stand. The keys of a plan, their ops and what is read of those
//! follow one another; a tree of a hundred thousand names costs many times what a look at the next one does.

use std::collections::BTreeMap;

/// How many things are looked at: some keys have no op, and some ops are not asked for.
const NEAR: usize = 8;

/// Things of one name each, for somebody who mostly asks for one of the next ones.
#[derive(Debug)]
pub(crate) struct InStep<'a, T> {
    things: Vec<(&'a str, T)>,
    next: usize,
    /// The place of each, once somebody asked for one that is not near.
    places: Option<BTreeMap<&'a str, usize>>,
}

impl<'a, T> InStep<'a, T> {
    /// Of things, each with its name, which no other has.
    pub(crate) fn of(things: impl IntoIterator<Item = (&'a str, T)>) -> Self {
        let things = things.into_iter();
        let mut all = Vec::with_capacity(things.size_hint().1.unwrap_or_default());
        all.extend(things);
        Self { things: all, next: 0, places: None }
    }

    /// The thing of that name.
    pub(crate) fn find(&mut self, name: &str) -> Option<&T> {
        let ahead = self.things.iter().skip(self.next).take(NEAR);
        let near = ahead.enumerate().find(|(_, (other, _))| *other == name).map(|(steps, _)| self.next + steps);
        let place = if let Some(place) = near {
            place
        } else {
            let places = || self.things.iter().enumerate().map(|(place, (name, _))| (*name, place)).collect();
            *self.places.get_or_insert_with(places).get(name)?
        };
        self.next = place + 1;
        self.things.get(place).map(|(_, thing)| thing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_does_not_depend_on_the_order() {
        let names = ["b", "a", "d", "c", "h", "g", "f", "e", "i", "k", "l", "m"];
        for asked in ["badchgfeiklm", "abcdefghiklm", "mbml", "ddbx", "xxcb", "bbaam"] {
            let mut all = InStep::of(names.into_iter().zip(names));
            for name in asked.split("").filter(|name| !name.is_empty()) {
                assert_eq!(all.find(name).copied(), (name != "x").then_some(name), "{name} of {asked}");
            }
        }
    }
}
