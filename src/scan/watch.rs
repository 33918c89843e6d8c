//! Watching a folder: changes are scanned soon after they happen.
use std::{
    collections::BTreeSet,
    path::{Component, Path, PathBuf},
    time::Duration,
};

use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout},
};

use super::{Order, Report, files, scan_below};
use crate::{app::App, error::Startup, import::Watch, stop::Stop};

/// How long a folder must be quiet before it is scanned, because copying files takes time.
const QUIET: Duration = Duration::from_secs(2);
/// After this time the folder is scanned even if it is not quiet.
const LATEST: Duration = Duration::from_secs(30);
/// Maximum number of changed branches; beyond it the whole folder is scanned.
const BRANCHES: usize = 500;

/// A watched folder. Start watching before the first scan, so that no change is missed.
pub struct Watching {
    root: PathBuf,
    events: mpsc::UnboundedReceiver<notify::Result<Event>>,
    /// Stops watching when dropped.
    _watcher: RecommendedWatcher,
}

impl Watching {
    pub fn start(folder: &Path) -> Result<Self, Startup> {
        let failed = |error: &dyn std::fmt::Display| {
            Startup::new(format!("cannot watch {}: {error}", folder.display()))
        };
        let root = folder.canonicalize().map_err(|error| failed(&error))?;
        let (sender, events) = mpsc::unbounded_channel();
        let hear = move |event: notify::Result<Event>| {
            // Ignore read access.
            if !event.as_ref().is_ok_and(|event| event.kind.is_access()) {
                // Fails only when the watch has ended.
                let _ = sender.send(event);
            }
        };
        let mut watcher = notify::recommended_watcher(hear).map_err(|error| failed(&error))?;
        watcher
            .watch(&root, RecursiveMode::Recursive)
            .map_err(|error| failed(&error))?;
        Ok(Self {
            root,
            events,
            _watcher: watcher,
        })
    }

    /// Waits for changed branches, until the folder is quiet or `LATEST` has passed.
    async fn changed(&mut self, branches: &mut BTreeSet<PathBuf>, stop: &Stop) {
        let latest = Instant::now() + LATEST;
        while !stop.is_told() && Instant::now() < latest {
            match timeout(QUIET, self.events.recv()).await {
                Ok(Some(event)) => gather(branches, event, &self.root),
                Ok(None) | Err(_) => return,
            }
        }
    }
}

/// Scans changed branches until stopped. `told` is called for each scan that changed something.
pub async fn keep_on(
    app: &App,
    order: &Order,
    mut watching: Watching,
    stop: &Stop,
    watch: &mut dyn Watch,
    mut told: impl FnMut(&Report),
) -> Result<(), Startup> {
    let (folder, _) = files::folder(app, order).await?;
    let mut branches = BTreeSet::new();
    while !stop.is_told() {
        watching.changed(&mut branches, stop).await;
        if !watching.root.exists() {
            let root = watching.root.display();
            return Err(Startup::new(format!("{root} is not there any more")));
        }
        // Together, because the files of an album may lie in several.
        let changed = outermost(std::mem::take(&mut branches));
        if changed.is_empty() {
            continue;
        }
        match scan_below(app, order, &folder, &changed, stop, watch).await {
            Ok(report) if report.changed() || report.skipped_count > 0 => told(&report),
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "what has changed is not scanned; trying again");
                branches.extend(changed);
            }
        }
    }
    Ok(())
}

fn gather(branches: &mut BTreeSet<PathBuf>, event: notify::Result<Event>, root: &Path) {
    let whole = |branches: &mut BTreeSet<PathBuf>| {
        branches.clear();
        branches.insert(root.to_owned());
    };
    match event {
        Ok(event) if event.need_rescan() || branches.len() >= BRANCHES => whole(branches),
        Ok(event) => branches.extend(
            event
                .paths
                .iter()
                .filter_map(|path| path.parent())
                .filter(|parent| is_shown(parent, root))
                .map(Path::to_owned),
        ),
        Err(error) => {
            tracing::warn!(%error, "a change was missed: the whole folder is scanned");
            whole(branches);
        }
    }
}

/// Whether a branch is below the root and not hidden.
fn is_shown(branch: &Path, root: &Path) -> bool {
    let hidden = |part: Component<'_>| part.as_os_str().to_string_lossy().starts_with('.');
    branch
        .strip_prefix(root)
        .is_ok_and(|below| !below.components().any(hidden))
}

/// The branches that are not below others.
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
    fn what_is_hidden_is_not_scanned() {
        let root = Path::new("/home/.music");
        for (branch, shown) in [
            ("/home/.music", true),
            ("/home/.music/a/b", true),
            ("/home/.music/.trash/a", false),
            ("/home", false),
        ] {
            assert_eq!(is_shown(Path::new(branch), root), shown, "{branch}");
        }
    }

    #[test]
    fn a_branch_within_another_is_scanned_with_it() {
        let branches = ["/m/a", "/m/a/b", "/m/c"].map(PathBuf::from).into();
        assert_eq!(outermost(branches), [PathBuf::from("/m/a"), "/m/c".into()]);
    }
}
