//! A snapshot as a portable file: JSON Lines compressed with zstd, closed by a digest.
//!
//! The first line is the head with the plan, then each shard's line is followed by one line per resource,
//! and the last line counts the resources and carries the BLAKE3 digest of every byte before it:
//! a file that was cut off or changed on the way is refused before anything of it is used.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Error, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use jiff::Timestamp;
use nephoscope_model::snapshot::SnapshotHeader;
use nephoscope_model::{Coverage, PackedResource, Resource, Shard, ShardKey};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::ScanError;
use crate::source::{Given, Source};

/// The word that every head carries.
const FORMAT: &str = "nephoscope-snapshot";
/// The version of the format that is written, and the newest that is read.
const VERSION: u32 = 1;
/// The compression level: a fifth of the size at the speed of a disk.
const LEVEL: i32 = 3;
/// Shards that are read ahead of those that are committed.
const AHEAD: usize = 8;
/// The longest line that is read, in bytes: beyond any resource, and small enough for memory.
const LONGEST_LINE: u64 = 64 * 1024 * 1024;

#[derive(Debug, Serialize, Deserialize)]
struct Head {
    format: String,
    version: u32,
    #[serde(flatten)]
    header: SnapshotHeader,
    shards: Vec<ShardKey>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    Shard(ShardLine),
    Resource(Resource),
    End(End),
}

#[derive(Debug, Serialize, Deserialize)]
struct ShardLine {
    #[serde(flatten)]
    key: ShardKey,
    coverage: Coverage,
}

#[derive(Debug, Serialize, Deserialize)]
struct End {
    resources: u64,
    blake3: String,
}

/// Writes a snapshot, shard by shard.
pub struct SnapshotWriter<W: Write> {
    encoder: zstd::stream::Encoder<'static, W>,
    hasher: blake3::Hasher,
    resources: u64,
}

impl<W: Write> std::fmt::Debug for SnapshotWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SnapshotWriter").field("resources", &self.resources).finish_non_exhaustive()
    }
}

impl<W: Write> SnapshotWriter<W> {
    /// Begins a snapshot of the shards named.
    pub fn begin(out: W, header: &SnapshotHeader, shards: &[ShardKey]) -> std::io::Result<Self> {
        let encoder = zstd::stream::Encoder::new(out, LEVEL)?;
        let mut writer = Self { encoder, hasher: blake3::Hasher::new(), resources: 0 };
        let head = Head {
            format: FORMAT.to_owned(),
            version: VERSION,
            header: header.clone(),
            shards: shards.to_vec(),
        };
        writer.line(&head)?;
        Ok(writer)
    }

    /// Adds one shard.
    pub fn shard(&mut self, shard: Shard) -> std::io::Result<()> {
        self.line(&Line::Shard(ShardLine { key: shard.key, coverage: shard.coverage }))?;
        for resource in shard.resources {
            self.resources += 1;
            self.line(&Line::Resource(resource))?;
        }
        Ok(())
    }

    /// Closes the snapshot and gives back what it was written to.
    pub fn finish(mut self) -> std::io::Result<W> {
        let blake3 = self.hasher.finalize().to_hex().to_string();
        let end = Line::End(End { resources: self.resources, blake3 });
        self.line(&end)?;
        self.encoder.finish()
    }

    fn line(&mut self, line: &impl Serialize) -> std::io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        self.hasher.update(&bytes);
        self.encoder.write_all(&bytes)
    }
}

/// Writes a whole snapshot to `path`, by way of a temporary file so that a failure leaves nothing half written.
pub fn write_file(path: &Path, header: &SnapshotHeader, shards: Vec<Shard>) -> Result<(), ScanError> {
    let partial = path.with_extension("partial");
    let written = File::create(&partial).and_then(|file| {
        let whole = write_shards(file, header, shards).and_then(|()| std::fs::rename(&partial, path));
        if whole.is_err() {
            // What went wrong is told already; a file that cannot be removed either adds nothing to it.
            let _ = std::fs::remove_file(&partial);
        }
        whole
    });
    written.map_err(|source| ScanError::File { doing: "write", path: path.to_owned(), source })
}

fn write_shards(file: File, header: &SnapshotHeader, shards: Vec<Shard>) -> std::io::Result<()> {
    let keys: Vec<ShardKey> = shards.iter().map(|shard| shard.key.clone()).collect();
    let mut writer = SnapshotWriter::begin(BufWriter::new(file), header, &keys)?;
    for shard in shards {
        writer.shard(shard)?;
    }
    writer.finish()?.flush()
}

/// A snapshot file whose every byte was checked.
#[derive(Clone, Debug)]
pub struct SnapshotFile {
    path: PathBuf,
    /// What was asked for, and when.
    pub header: SnapshotHeader,
    /// The shards in it, sorted.
    pub shards: Vec<ShardKey>,
    /// Resources in all shards together.
    pub resources: u64,
}

impl SnapshotFile {
    /// Opens a file and reads it once to its end, so that nothing of a damaged one is used.
    pub fn open(path: &Path) -> Result<Self, ScanError> {
        let mut lines = Lines::open(path)?;
        let empty = || Lines::cause(path, 1, "the file is empty".to_owned());
        let first = lines.next_line()?.ok_or_else(empty)?;
        let head: Head = serde_json::from_slice(first).map_err(|error| Lines::refuse(path, 1, &error))?;
        if head.format != FORMAT {
            return Err(Lines::cause(path, 1, format!("it is a `{}`, not a `{FORMAT}`", head.format)));
        }
        if head.version > VERSION {
            let cause =
                format!("its format {} is newer than {VERSION}, the newest this version reads", head.version);
            return Err(Lines::cause(path, 1, cause));
        }
        let resources = lines.check_to_end()?;
        let mut shards = head.shards;
        shards.sort();
        Ok(Self { path: path.to_owned(), header: head.header, shards, resources })
    }

    /// Reads every shard in the order of the file, giving each to `take` until it says stop.
    fn read(&self, mut take: impl FnMut(Shard<PackedResource>) -> bool) -> Result<(), ScanError> {
        let mut lines = Lines::open(&self.path)?;
        lines.next_line()?;
        let mut shard: Option<Shard<PackedResource>> = None;
        loop {
            let line_number = lines.number + 1;
            let Some(bytes) = lines.next_line()? else { break };
            let line = serde_json::from_slice(bytes)
                .map_err(|error| Lines::refuse(&self.path, line_number, &error))?;
            match line {
                Line::Resource(resource) => match &mut shard {
                    Some(shard) => shard.resources.push(resource.into()),
                    None => {
                        return Err(Lines::cause(
                            &self.path,
                            line_number,
                            "a resource before any shard".into(),
                        ));
                    }
                },
                Line::Shard(ShardLine { key, coverage }) => {
                    let next = Shard { key, coverage, resources: Vec::new() };
                    if let Some(complete) = shard.replace(next)
                        && !take(complete)
                    {
                        return Ok(());
                    }
                }
                Line::End(_) => break,
            }
        }
        if let Some(last) = shard {
            take(last);
        }
        Ok(())
    }
}

#[async_trait]
impl Source for SnapshotFile {
    async fn plan(&self) -> Result<Vec<ShardKey>, ScanError> {
        Ok(self.shards.clone())
    }

    fn shards<'a>(
        &'a self,
        keys: Vec<ShardKey>,
        _given: Given<'a>,
    ) -> BoxStream<'a, Result<Shard<PackedResource>, ScanError>> {
        let (sender, receiver) = mpsc::channel(AHEAD);
        let file = self.clone();
        let keys: BTreeSet<ShardKey> = keys.into_iter().collect();
        tokio::task::spawn_blocking(move || {
            let read =
                file.read(|shard| !keys.contains(&shard.key) || sender.blocking_send(Ok(shard)).is_ok());
            if let Err(error) = read {
                // A receiver that is gone has stopped the scan: nobody is left to tell.
                let _ = sender.blocking_send(Err(error));
            }
        });
        stream::unfold(receiver, |mut receiver| async {
            receiver.recv().await.map(|shard| (shard, receiver))
        })
        .boxed()
    }

    fn finished(&self) -> Option<Timestamp> {
        Some(self.header.finished)
    }
}

/// The lines of a compressed file, with their numbers.
struct Lines {
    path: PathBuf,
    reader: BufReader<zstd::stream::Decoder<'static, BufReader<File>>>,
    buffer: Vec<u8>,
    number: u64,
}

impl Lines {
    fn open(path: &Path) -> Result<Self, ScanError> {
        let fail = |source| ScanError::File { doing: "read", path: path.to_owned(), source };
        let decoder = zstd::stream::Decoder::new(File::open(path).map_err(fail)?).map_err(fail)?;
        Ok(Self { path: path.to_owned(), reader: BufReader::new(decoder), buffer: Vec::new(), number: 0 })
    }

    /// The next line without its end; none after the last one.
    fn next_line(&mut self) -> Result<Option<&[u8]>, ScanError> {
        self.buffer.clear();
        let read = (&mut self.reader).take(LONGEST_LINE).read_until(b'\n', &mut self.buffer);
        self.number += 1;
        let wrong = |cause: String| Self::cause(&self.path, self.number, cause);
        match read {
            Ok(0) => Ok(None),
            Ok(_) if self.buffer.last() == Some(&b'\n') => Ok(Some(&self.buffer)),
            Ok(_) => Err(wrong("the line has no end: the file was cut off".to_owned())),
            Err(error) => Err(wrong(describe(&error))),
        }
    }

    /// Reads to the last line and holds its digest against what was read; gives the number of resources.
    fn check_to_end(&mut self) -> Result<u64, ScanError> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.buffer);
        let mut resources = 0;
        loop {
            let Some(line) = self.next_line()? else {
                return Err(self.wrong("the last line is missing: the file was cut off"));
            };
            if line.starts_with(br#"{"end""#) {
                let end: Line = serde_json::from_slice(line)
                    .map_err(|error| Self::refuse(&self.path, self.number, &error))?;
                return match end {
                    Line::End(end)
                        if end.blake3 == hasher.finalize().to_hex().as_str()
                            && end.resources == resources =>
                    {
                        Ok(resources)
                    }
                    _ => {
                        Err(self.wrong("the digest does not fit what stands before it: the file was changed"))
                    }
                };
            }
            resources += u64::from(line.starts_with(br#"{"resource""#));
            hasher.update(line);
        }
    }

    fn wrong(&self, cause: &str) -> ScanError {
        Self::cause(&self.path, self.number, cause.to_owned())
    }

    fn refuse(path: &Path, line: u64, error: &serde_json::Error) -> ScanError {
        Self::cause(path, line, error.to_string())
    }

    fn cause(path: &Path, line: u64, cause: String) -> ScanError {
        ScanError::Snapshot { path: path.to_owned(), line, cause }
    }
}

fn describe(error: &Error) -> String {
    match error.kind() {
        ErrorKind::UnexpectedEof => "the file was cut off".to_owned(),
        _ => format!("it is not a snapshot file ({error})"),
    }
}

#[cfg(test)]
mod tests {
    use nephoscope_model::{
        AccountId, CoverageState, Facet, Kind, Provider, Region, ServiceName, TargetName, Uid,
    };

    use super::*;

    fn header() -> SnapshotHeader {
        let instant = "2026-11-16T02:00:00Z".parse().unwrap();
        SnapshotHeader { target: TargetName::from("production"), instant, finished: instant }
    }

    fn shard(service: &str, names: &[&str]) -> Shard {
        let key = ShardKey {
            provider: Provider::Aws,
            account: AccountId::from("447120260912"),
            region: Region::from("eu-west-1"),
            service: ServiceName::from(service),
        };
        let resources = names.iter().map(|name| Resource {
            uid: Uid::from(format!("arn:{service}:{name}")),
            kind: Kind::from("aws.lambda.function"),
            provider: key.provider,
            account: key.account.clone(),
            region: key.region.clone(),
            service: key.service.clone(),
            name: (*name).to_owned(),
            tags: [("team".to_owned(), "payments".to_owned())].into(),
            facets: [("url".to_owned(), Facet::Absent)].into(),
            relations: Vec::new(),
            carried: [].into(),
            revision: None,
        });
        let coverage = Coverage {
            state: CoverageState::Complete,
            calls: [].into(),
            errors: Vec::new(),
            costs: Vec::new(),
            listed: true,
        };
        Shard { resources: resources.collect(), key, coverage }
    }

    #[tokio::test]
    async fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("night.nepho");
        let shards = vec![shard("lambda", &["a\nb", "checkout"]), shard("logs", &[])];
        write_file(&path, &header(), shards.clone()).unwrap();

        let file = SnapshotFile::open(&path).unwrap();
        assert_eq!(file.header, header());
        assert_eq!(file.resources, 2);
        let keys = file.plan().await.unwrap();
        let packed: Vec<_> = shards.iter().cloned().map(Shard::packed).collect();
        let read: Vec<_> = file.shards(keys, Given::default()).map(Result::unwrap).collect().await;
        assert_eq!(read, packed);
        let logs = vec![shards[1].key.clone()];
        let only_logs: Vec<_> = file.shards(logs, Given::default()).map(Result::unwrap).collect().await;
        assert_eq!(only_logs, packed[1..]);
    }

    #[test]
    fn a_file_that_cannot_be_put_in_its_place_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("night.nepho");
        std::fs::create_dir(&path).unwrap();
        let error = write_file(&path, &header(), vec![shard("lambda", &["checkout"])]).unwrap_err();
        assert!(matches!(error, ScanError::File { doing: "write", .. }), "{error:?}");
        let left: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(left, [path]);
    }

    #[test]
    fn a_damaged_file_is_refused_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("night.nepho");
        let refuse = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            SnapshotFile::open(&path).unwrap_err().to_string()
        };
        write_file(&path, &header(), vec![shard("lambda", &["checkout"])]).unwrap();
        let whole = std::fs::read(&path).unwrap();
        let text = zstd::decode_all(&whole[..]).unwrap();
        let pack = |text: &[u8]| zstd::encode_all(text, 1).unwrap();

        assert!(refuse(b"{}").contains("it is not a snapshot file"));
        assert!(refuse(&whole[..whole.len() / 2]).contains("cut off"));
        let changed = String::from_utf8(text.clone()).unwrap().replace("checkout", "checkin!");
        assert!(refuse(&pack(changed.as_bytes())).contains("line 4: the digest does not fit"));
        let headless = text.split(|byte| *byte == b'\n').nth(1).unwrap();
        assert!(refuse(&pack(headless)).contains("line 1: "));
        let newer = String::from_utf8(text).unwrap().replace("\"version\":1", "\"version\":9");
        assert!(refuse(&pack(newer.as_bytes())).contains("line 1: its format 9 is newer than 1"));
    }
}
