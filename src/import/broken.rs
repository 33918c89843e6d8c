//! What is wrong with the rows of a source.
use std::fmt;

use crate::error::Startup;

/// Complaints that are told at most.
const MOST: usize = 100;

/// A list of complaints, of which the first are told.
#[derive(Default)]
pub struct Broken {
    told: Vec<String>,
    more: usize,
}

impl Broken {
    pub fn tell(&mut self, complaint: String) {
        // A row may be read for several tables.
        if self.told.contains(&complaint) {
            return;
        }
        match self.told.len() < MOST {
            true => self.told.push(complaint),
            false => self.more += 1,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// Fails if there are any.
    pub fn check(&self) -> Result<(), Startup> {
        match self.is_empty() {
            true => Ok(()),
            false => Err(Startup::new(self.to_string())),
        }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told.join("\n"))?;
        match self.more {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}
