//! Work of which no part waits for another: at the same time where there are threads, one after the other where there
//! are none (a browser's page). What comes out, and in which order, is the same.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

/// Fewer things than this are done before another thread has begun.
const FEW: usize = 16;

/// What both give. The first one is done by another thread, if there can be one.
pub(crate) fn both<A: Send, B>(one: impl Fn() -> A + Sync, other: impl FnOnce() -> B) -> (A, B) {
    thread::scope(|scope| {
        let beside = thread::Builder::new().spawn_scoped(scope, &one);
        let other = other();
        let one = match beside {
            Ok(beside) => beside.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(_) => one(),
        };
        (one, other)
    })
}

/// What the work makes of some things at a time, in their order. How many it gets at a time depends on the machine, so
/// what it makes of a thing must not depend on the others; what it finds out on the way it may keep for the next ones.
pub(crate) fn parts<'t, T: Sync, R: Send>(things: &'t [T], work: &(impl Fn(&'t [T]) -> R + Sync)) -> Vec<R> {
    halves(things, thread::available_parallelism().map_or(1, NonZero::get), work)
}

/// What the work makes of each thing, in their order.
pub(crate) fn each<'t, T: Sync, R: Send>(things: &'t [T], work: impl Fn(&'t T) -> R + Sync) -> Vec<R> {
    parts(things, &|part: &'t [T]| part.iter().map(&work).collect::<Vec<R>>()).into_iter().flatten().collect()
}

fn halves<'t, T: Sync, R: Send>(things: &'t [T], threads: usize, work: &(impl Fn(&'t [T]) -> R + Sync)) -> Vec<R> {
    if threads < 2 || things.len() < FEW {
        return vec![work(things)];
    }
    let (left, right) = things.split_at(things.len() / 2);
    let (mut all, right) = both(|| halves(left, threads / 2, work), || halves(right, threads.div_ceil(2), work));
    all.extend(right);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_the_things() {
        for (count, threads) in [(0_u32, 4), (1, 4), (15, 2), (16, 2), (17, 1), (100, 3), (1_000, 16)] {
            let things: Vec<u32> = (0..count).collect();
            assert_eq!(halves(&things, threads, &<[u32]>::to_vec).concat(), things);
            assert_eq!(each(&things, |thing| thing * 2), (0..count).map(|thing| thing * 2).collect::<Vec<_>>());
        }
        assert_eq!(both(|| 1, || 2), (1, 2));
    }
}
