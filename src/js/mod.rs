//! The exports behind the npm package: values in, promises out, and no decision.
//!
//! The classes people use are written by hand in `js/`; they load the module and turn the plain objects thrown here
//! into errors.

mod client;
mod error;
