//! The hand-made components, on native elements.

mod badge;
mod copy;
mod detail;
mod drop;
mod fields;
mod findings;
mod notice;
mod place;
mod stations;
mod summary;
mod table;
mod tabs;
mod theme;

pub(crate) use badge::{badge, cell, path};
pub(crate) use copy::CopyButton;
pub(crate) use detail::{Detail, close, facts};
pub(crate) use drop::FileDrop;
pub(crate) use fields::field_table;
pub(crate) use findings::findings_list;
pub(crate) use notice::{empty, notice};
pub(crate) use place::{place, place_dialog, places};
pub(crate) use stations::StationLine;
pub(crate) use summary::{Figure, summary_bar};
pub(crate) use table::DataTable;
pub(crate) use tabs::{tab, tab_link, tabs};
pub(crate) use theme::ThemeSwitch;
