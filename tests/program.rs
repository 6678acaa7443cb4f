//! The real program, run as a user would, in a folder and an environment of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A folder with nothing in it, and the program to run there.
pub struct Program {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

/// What a run gave. The folder's path is written as `[folder]`.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// A server in the background; it is ended when this goes out of scope.
pub struct Serving {
    child: Child,
    pub address: String,
}

impl Program {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder"), variables: Vec::new() }
    }

    /// Credentials that any stand-in accepts, a region, and the stand-in's address.
    pub fn with_cloud(mut self, endpoint: &str) -> Self {
        for (name, value) in [
            ("AWS_ACCESS_KEY_ID", "testing"),
            ("AWS_SECRET_ACCESS_KEY", "testing"),
            ("AWS_REGION", "eu-west-1"),
            ("AWS_ENDPOINT_URL", endpoint),
        ] {
            self.variables.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.folder().join(name);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the folder can be made");
        fs::write(path, text).expect("the file can be written");
    }

    /// The program with an environment that holds nothing of the caller's.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(arguments).current_dir(self.folder()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.folder()).env("AWS_EC2_METADATA_DISABLED", "true");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The program where no file may grow beyond so many blocks of 512 bytes: a disk that is full for it, and for nobody else.
    ///
    /// The shell ignores the signal that goes with the limit, and so does what it becomes: writing fails instead.
    pub fn limited(&self, blocks: u32, arguments: &[&str]) -> Command {
        let script = "trap '' XFSZ && ulimit -f \"$0\" && exec \"$@\"";
        let plain = self.command(arguments);
        let mut command = Command::new("sh");
        command.args(["-c", script, &blocks.to_string()]).arg(plain.get_program()).args(arguments);
        command.current_dir(self.folder()).env_clear();
        command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        self.run_command(self.command(arguments))
    }

    /// Runs what `command` or `limited` made.
    pub fn run_command(&self, mut command: Command) -> Run {
        let output = command.stdin(Stdio::null()).output().expect("the program starts");
        self.read(output)
    }

    fn read(&self, output: Output) -> Run {
        let folder = self.folder().display().to_string();
        let text =
            |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8").replace(&folder, "[folder]");
        Run { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Starts `serve` or `demo` on a free port and waits until it says where it is.
    pub fn serve(&self, command: &str) -> Serving {
        let mut child = self
            .command(&[command, "--listen", "127.0.0.1:0", "--store", "sqlite:served.db"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("standard output is piped");
        BufReader::new(stdout).read_line(&mut line).expect("the server says where it is");
        let address =
            line.trim().trim_end_matches('/').rsplit("http://").next().unwrap_or_default().to_owned();
        assert!(address.starts_with("127.0.0.1:"), "the server said {line:?}");
        Serving { child, address }
    }
}

impl Serving {
    /// Asks the server to stop as a service manager would, and waits for its exit code.
    pub fn terminate(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs");
        assert!(sent.success());
        self.child.wait().expect("the server ends").code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program beside the test's own binary: `just test` builds it first.
fn binary() -> PathBuf {
    let here = std::env::current_exe().expect("a test knows where it is");
    let folder = here.ancestors().nth(2).expect("tests are built into target/PROFILE/deps");
    let path = folder.join("nephoscope");
    assert!(path.exists(), "{} is missing: `just test` builds it", path.display());
    path
}
