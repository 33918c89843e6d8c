//! Whatever people do to their files: each song is there once, keeps its ID, and nothing is left over.
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::{Path, PathBuf},
};

use baleen::store::sql;
use lofty::tag::ItemKey::{AlbumTitle, TrackArtist, TrackNumber, TrackTitle};

use super::{folder, later, run, tag};
use crate::support::{Pod, on_both, wav};

/// Numbers that are drawn anew in the same way.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }
}

/// Files by path: the number of the recording, and title, artist, album and position.
type Files = BTreeMap<PathBuf, File>;
type File = (usize, [String; 4]);
/// Path, track, title, album, position and status.
type Row = (String, i64, String, Option<String>, Option<i64>, String);

/// The most files that each recording had at once, and the tracks that it had.
type Known = HashMap<usize, (usize, BTreeSet<i64>)>;

struct Collection {
    seed: u64,
    root: PathBuf,
    dice: Dice,
    files: Files,
    /// What was deleted, to come back.
    gone: Vec<(PathBuf, File, Vec<u8>)>,
    steps: Vec<String>,
}

const RECORDINGS: usize = 12;
const SEEDS: u64 = 4;

impl Collection {
    fn new(root: PathBuf, seed: u64) -> Self {
        let mut new = Self {
            seed,
            root,
            dice: Dice(seed),
            files: Files::new(),
            gone: Vec::new(),
            steps: Vec::new(),
        };
        for recording in 0..RECORDINGS {
            let path = new.place();
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, wav(1, 200.0 + recording as f64 + 12.0 * seed as f64)).unwrap();
            new.retag(&path, recording);
        }
        new
    }

    /// A path that is free.
    fn place(&mut self) -> PathBuf {
        loop {
            let place = format!(
                "{}/{}.wav",
                self.dice.one_of(&["a", "b/x", "b/y", "c d", "e"]),
                self.dice.below(40)
            );
            let path = self.root.join(place);
            if !path.exists() {
                return path;
            }
        }
    }

    /// Titles are those of recordings, as of people who know what they hear; all else is drawn.
    fn retag(&mut self, path: &Path, recording: usize) {
        let title = format!(
            "Song {} {recording} {}",
            self.seed,
            self.dice.one_of(&["", "(live)", "new"])
        );
        let tags = [
            title.trim().to_owned(),
            self.dice
                .one_of(&["Ann", "ann", "Bob", "Cleo feat. Ann"])
                .to_owned(),
            self.dice
                .one_of(&["Days", "days", "Nights", "Best of"])
                .to_owned(),
            (recording + 1 + self.dice.below(2) * 20).to_string(),
        ];
        self.write(path, recording, tags);
    }

    fn write(&mut self, path: &Path, recording: usize, tags: [String; 4]) {
        let keys = [TrackTitle, TrackArtist, AlbumTitle, TrackNumber];
        let items: Vec<_> = keys
            .into_iter()
            .zip(tags.iter().map(String::as_str))
            .collect();
        tag(path, &items);
        self.files.insert(path.to_owned(), (recording, tags));
    }

    fn step(&mut self) {
        let paths: Vec<PathBuf> = self.files.keys().cloned().collect();
        let kind = self.dice.below(7);
        if kind == 6 || paths.is_empty() {
            return self.restore();
        }
        let path = self.dice.one_of(&paths);
        let (recording, tags) = self.files[&path].clone();
        let to = self.place();
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        self.steps.push(format!(
            "{kind} of {recording} {} {}",
            path.display(),
            to.display()
        ));
        match kind {
            0 => self.retag(&path, recording),
            1 => {
                // Copies are tagged anew with their original.
                let copies = self
                    .files
                    .iter()
                    .filter(|(_, (other, _))| *other == recording);
                let copies: Vec<_> = copies.map(|(path, _)| path.clone()).collect();
                self.retag(&path, recording);
                let tags = self.files[&path].1.clone();
                for copy in copies {
                    self.write(&copy, recording, tags.clone());
                }
            }
            2 | 3 => {
                fs::rename(&path, &to).unwrap();
                let file = self.files.remove(&path).unwrap();
                self.files.insert(to.clone(), file);
                if kind == 3 {
                    self.retag(&to, recording);
                }
            }
            4 => {
                fs::copy(&path, &to).unwrap();
                later(&to);
                self.files.insert(to, (recording, tags));
            }
            _ => {
                self.gone
                    .push((path.clone(), (recording, tags), fs::read(&path).unwrap()));
                fs::remove_file(&path).unwrap();
                self.files.remove(&path);
            }
        }
    }

    fn restore(&mut self) {
        let Some((path, file, bytes)) = self.gone.pop().filter(|(path, ..)| !path.exists()) else {
            return;
        };
        self.steps
            .push(format!("restore of {} {}", file.0, path.display()));
        fs::write(&path, bytes).unwrap();
        later(&path);
        self.files.insert(path, file);
    }

    /// What must be true after a scan. `known` are the tracks of the recordings so far.
    async fn check(&self, pod: &Pod, known: &mut Known) {
        let rows = sql("select f.path, t.id, t.title, al.title, t.position, u.import_status from uploads u
            join music_files f on f.upload_id = u.id join tracks t on t.id = u.track_id
            left join albums al on al.id = t.album_id where u.import_status in ('finished', 'skipped')
               and f.path like ? order by t.id").bind(format!("{}/%", self.root.display()));
        let rows: Vec<Row> = rows.all(pod.app.db()).await.unwrap();
        let at: BTreeSet<&str> = rows.iter().map(|(path, ..)| path.as_str()).collect();
        let there: BTreeSet<&str> = self
            .files
            .keys()
            .map(|path| path.to_str().unwrap())
            .collect();
        assert_eq!(at, there, "{:#?} {:#?}", self.steps, rows);
        assert_eq!(rows.len(), there.len());
        let mut songs: HashMap<(usize, i64), usize> = HashMap::new();
        for (path, track, title, album, position, status) in &rows {
            let (recording, tags) = &self.files[Path::new(path)];
            if status == "finished" {
                *songs.entry((*recording, *track)).or_default() += 1;
                let taken = (
                    title.clone(),
                    album.as_ref().map(|album| album.to_lowercase()),
                    *position,
                );
                let told = (
                    tags[0].clone(),
                    Some(tags[2].to_lowercase()),
                    tags[3].parse().ok(),
                );
                assert_eq!(taken, told, "{path} {:#?}", self.steps);
            }
        }
        assert!(
            songs.values().all(|count| *count == 1),
            "{songs:?} {:#?} {:#?}",
            self.steps,
            rows
        );
        let mut now: Known = HashMap::new();
        for (recording, track) in songs.keys() {
            now.entry(*recording).or_default().1.insert(*track);
        }
        for (recording, _) in self.files.values() {
            let of = now.get_mut(recording);
            of.unwrap_or_else(|| panic!("{recording} is lost {:#?}", self.steps))
                .0 += 1;
        }
        for (recording, (files, tracks)) in now {
            let (most, before) = known
                .entry(recording)
                .or_insert_with(|| (files, tracks.clone()));
            *most = files.max(*most);
            // Copies that are tagged otherwise are other songs, of which one may have been deleted.
            let is_kept = match *most {
                1 => *before == tracks,
                _ => !before.is_disjoint(&tracks),
            };
            assert!(
                is_kept,
                "{recording}: {before:?}, now {tracks:?} {:#?}",
                self.steps
            );
            before.extend(tracks);
        }
    }
}

/// What nothing holds.
const LEFT: &str = "select 'track ' || t.title from tracks t where not exists (select 1 from uploads u where u.track_id = t.id)
    union all select 'album ' || al.title from albums al where not exists (select 1 from tracks t where t.album_id = al.id)
    union all select 'artist ' || a.name from artists a where not exists (select 1 from track_artists h where h.artist_id = a.id)
      and not exists (select 1 from album_artists h where h.artist_id = a.id)";

async fn left(pod: &Pod) -> BTreeSet<String> {
    let left: Vec<(String,)> = sql(LEFT).all(pod.app.db()).await.unwrap();
    left.into_iter().map(|(name,)| name).collect()
}

on_both! {
    async fn songs_keep_their_ids_whatever_is_done_to_their_files(pod: Pod) {
        let music = folder(&pod);
        let before = left(&pod).await;
        for seed in 1..=SEEDS {
            let root = music.join(seed.to_string());
            fs::create_dir_all(&root).unwrap();
            let mut collection = Collection::new(root.clone(), seed);
            let mut known = Known::new();
            for _ in 0..15 {
                run(&pod, &root).await;
                collection.check(&pod, &mut known).await;
                assert_eq!(left(&pod).await, before, "{:#?}", collection.steps);
                let again = run(&pod, &root).await;
                assert!(!again.changed() && again.updated == 0, "{again:?}");
                collection.steps.push("scan".to_owned());
                for _ in 0..4 {
                    collection.step();
                }
            }
        }
    }
}
