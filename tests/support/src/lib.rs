//! Fixtures, generators and servers shared by the tests.

pub mod company;
pub mod fleet;
pub mod fleet_proxy;
pub mod gateway;
pub mod lab;
pub mod live;
pub mod practice;
pub mod seal;
pub mod twister;
