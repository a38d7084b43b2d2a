//! The edition: the specification traced to what covers it, and rendered.
//!
//! [`trace`] joins requirements with cases, vectors, code and evidence; [`check`](mod@check) says
//! what does not fit; [`manifest`] writes it for programs and [`page`] for people.

pub mod check;
pub mod cite;
pub mod command;
pub mod evidence;
pub mod fault;
pub mod files;
pub mod manifest;
pub mod page;
pub mod trace;
