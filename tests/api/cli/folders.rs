//! Folders of music from the command line.
use std::{fs, path::Path, process::Output};

use serde_json::Value;

use super::{baleen, failing, folder};
use crate::support::wav;

fn scan(folder: &Path, report: &str) -> std::process::Command {
    let mut command = baleen();
    command.current_dir(folder);
    command.args(["scan", "music", "--library", "Music", "--user", "ada"]);
    command.args(["--report", report]);
    command
}

#[test]
fn a_report_is_written_as_json() {
    let folder = folder("report");
    let music = folder.join("music");
    fs::create_dir(&music).unwrap();
    fs::write(music.join("one.wav"), wav(1, 300.0)).unwrap();
    fs::write(music.join("copy.wav"), wav(1, 300.0)).unwrap();
    fs::write(music.join("empty.mp3"), "").unwrap();
    fs::write(music.join("notes.txt"), "x").unwrap();
    let mut user = baleen();
    user.current_dir(&folder).args(["user", "create", "ada"]);
    assert!(user.output().unwrap().status.success());

    let told = failing(&mut scan(&folder, "nowhere/report.json"));
    assert!(told.contains("cannot write nowhere/report.json"), "{told}");
    let Output { status, .. } = scan(&folder, "report.json").output().unwrap();
    assert!(status.success());
    let report: Value =
        serde_json::from_slice(&fs::read(folder.join("report.json")).unwrap()).unwrap();
    assert_eq!(
        (
            &report["added"],
            &report["duplicates"],
            &report["interrupted"]
        ),
        (&1.into(), &1.into(), &false.into()),
        "{report}"
    );
    assert_eq!(report["not_looked_at"]["txt"], 1);
    assert_eq!(report["skipped_count"], 1);
    let skipped = &report["skipped"][0];
    assert!(
        skipped["path"]
            .as_str()
            .unwrap()
            .ends_with("music/empty.mp3")
    );
    assert_eq!(skipped["reason"], "it is empty");
}
