//! How much room disks have.
use std::path::Path;

/// The disk that a folder is on, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Disk {
    pub free: u64,
    pub size: u64,
}

/// The disk of a folder, or of the nearest one above it that is there; `None` where the system does not tell.
#[cfg(unix)]
pub fn of(folder: &Path) -> Option<Disk> {
    let told = folder
        .ancestors()
        .find_map(|folder| rustix::fs::statvfs(folder).ok())?;
    Some(Disk {
        free: told.f_bavail.saturating_mul(told.f_frsize),
        size: told.f_blocks.saturating_mul(told.f_frsize),
    })
}

#[cfg(not(unix))]
pub fn of(_: &Path) -> Option<Disk> {
    None
}
