//! Fixtures, generators and servers shared by the tests.

pub mod company;
pub mod fleet;
pub mod live;
pub mod seal;
