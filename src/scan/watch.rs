//! Keeping on: what changes in a folder is scanned soon after.
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};

use notify::{Event, RecursiveMode, Watcher};
use tokio::{sync::mpsc, time::timeout};

use super::{Order, Report, Stop, files, scan_below};
use crate::{app::App, error::Startup, import::Watch};

/// So long a folder must be quiet before it is scanned: files are copied bit by bit.
const QUIET: Duration = Duration::from_secs(2);
/// Branches that are remembered; beyond that the whole folder is scanned.
const BRANCHES: usize = 500;

/// Scans what changes, until told to stop. `told` hears of each scan that found something.
pub async fn keep_on(
    app: &App,
    order: &Order,
    stop: &Stop,
    watch: &mut dyn Watch,
    mut told: impl FnMut(&Report),
) -> Result<(), Startup> {
    let folder = files::folder(app, order).await?;
    let root = PathBuf::from(&folder.path);
    let (sender, mut events) = mpsc::unbounded_channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        // The receiver ends with the watch.
        let _ = sender.send(event);
    })
    .map_err(|error| Startup::caused("cannot watch", error))?;
    watcher
        .watch(&root, RecursiveMode::Recursive)
        .map_err(|error| Startup::caused(format!("cannot watch {}", root.display()), error))?;
    while !stop.is_told() {
        let Some(branches) = changed(&mut events, &root, stop).await else {
            continue;
        };
        for branch in branches {
            let report = scan_below(app, order, &folder, &branch, stop, watch).await?;
            if report.changed() || report.skipped_count > 0 {
                told(&report);
            }
        }
    }
    Ok(())
}

/// The branches in which something changed, once it is quiet.
async fn changed(
    events: &mut mpsc::UnboundedReceiver<notify::Result<Event>>,
    root: &Path,
    stop: &Stop,
) -> Option<Vec<PathBuf>> {
    let mut branches = BTreeSet::new();
    loop {
        match timeout(QUIET, events.recv()).await {
            Ok(Some(event)) => gather(&mut branches, event, root),
            Ok(None) => return None,
            Err(_) if stop.is_told() || branches.is_empty() => return None,
            Err(_) => return Some(outermost(branches)),
        }
    }
}

fn gather(branches: &mut BTreeSet<PathBuf>, event: notify::Result<Event>, root: &Path) {
    let whole = |branches: &mut BTreeSet<PathBuf>| {
        branches.clear();
        branches.insert(root.to_owned());
    };
    match event {
        Ok(event) if event.kind.is_access() => {}
        Ok(event) if event.need_rescan() || branches.len() >= BRANCHES => whole(branches),
        Ok(event) => branches.extend(
            event
                .paths
                .iter()
                .filter_map(|path| path.parent())
                .filter(|parent| parent.starts_with(root))
                .map(Path::to_owned),
        ),
        Err(error) => {
            tracing::warn!(%error, "a change was missed: the whole folder is scanned");
            whole(branches);
        }
    }
}

/// Branches that are not within others.
fn outermost(branches: BTreeSet<PathBuf>) -> Vec<PathBuf> {
    let mut kept: Vec<PathBuf> = Vec::new();
    for branch in branches {
        if !kept.iter().any(|known| branch.starts_with(known)) {
            kept.push(branch);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_within_another_is_scanned_with_it() {
        let branches = ["/m/a", "/m/a/b", "/m/c"].map(PathBuf::from).into();
        assert_eq!(outermost(branches), [PathBuf::from("/m/a"), "/m/c".into()]);
    }
}
