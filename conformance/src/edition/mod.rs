//! The edition: the specification traced to what covers it.
//!
//! [`trace`] joins requirements with cases, vectors, code and evidence; [`check`](mod@check) says
//! what does not fit; [`manifest`] writes it for programs.

pub mod check;
pub mod cite;
pub mod command;
pub mod evidence;
pub mod fault;
pub mod files;
pub mod manifest;
pub mod trace;
