//! A PostgreSQL server of a test's own: Debian's binaries in a temporary folder, gone afterwards.

use std::ffi::OsStr;
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The password of the superuser `postgres` of every cluster.
pub(crate) const PASSWORD: &str = "canary-postgres-password";

/// The two releases whose databases were recorded.
pub(crate) const OLDER: &str = "1.101.6";
pub(crate) const NEWER: &str = "1.108.7";

/// A running server.
#[derive(Debug)]
pub(crate) struct Cluster {
    folder: PathBuf,
    binaries: PathBuf,
    port: u16,
}

impl Cluster {
    /// Starts a server. Without PostgreSQL on the machine it says so and gives none; with `CI` set it fails.
    pub(crate) fn start(name: &str) -> Option<Self> {
        let Some(binaries) = binaries() else {
            assert!(std::env::vars_os().all(|(name, _)| name != "CI"), "PostgreSQL is not installed");
            let _ = writeln!(std::io::stderr(), "skipped: no PostgreSQL below /usr/lib/postgresql");
            return None;
        };
        let folder = std::env::temp_dir().join(format!("gangway-pg-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let cluster = Self { folder, binaries, port };
        cluster.initialise();
        Some(cluster)
    }

    fn initialise(&self) {
        let password = self.folder.join("password");
        write(&password, PASSWORD);
        if is_root() {
            run(Command::new("chown").args(["-R", "postgres"]).arg(&self.folder));
        }
        let data = self.folder.join("data");
        run(self
            .tool("initdb")
            .args(["-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "-N", "-D"])
            .arg(&data)
            .arg(format!("--pwfile={}", password.display())));
        let options =
            format!("-k '{}' -h 127.0.0.1 -p {} -c fsync=off -c max_connections=20", self.folder.display(), self.port);
        run(self.tool("pg_ctl").args(["start", "-w", "-s", "-o", &options, "-D"]).arg(&data).arg("-l").arg(self.log()));
    }

    /// Runs SQL as the superuser.
    pub(crate) fn sql(&self, database: &str, text: &str) {
        let file = self.folder.join("input.sql");
        write(&file, text);
        self.psql(database, [OsStr::new("-o"), OsStr::new("/dev/null"), OsStr::new("-f"), file.as_os_str()]);
    }

    /// Runs `psql` as the superuser, over TCP; it stops at the first error.
    pub(crate) fn psql<A: AsRef<OsStr>>(&self, database: &str, arguments: impl IntoIterator<Item = A>) {
        let mut psql = Command::new(self.binaries.join("psql"));
        psql.args(["-q", "-X", "-v", "ON_ERROR_STOP=1"]).args(arguments);
        run(psql.arg(self.url("postgres", PASSWORD, database)));
    }

    /// The URL of a database on this server, over TCP.
    pub(crate) fn url(&self, user: &str, password: &str, database: &str) -> String {
        format!("postgresql://{user}:{password}@127.0.0.1:{}/{database}", self.port)
    }

    /// The URL of a database on this server, over its socket.
    pub(crate) fn socket_url(&self, database: &str) -> String {
        let folder = self.folder.display();
        format!("postgresql://postgres:{PASSWORD}@localhost:{}/{database}?host={folder}", self.port)
    }

    /// A database with the recorded schema and rows of LiteLLM 1.101.6.
    pub(crate) fn with_litellm(&self, database: &str) {
        self.with_version(database, OLDER);
    }

    /// A database with the recorded schema and rows of one release.
    pub(crate) fn with_version(&self, database: &str, version: &str) {
        self.sql("postgres", &format!("CREATE DATABASE {database}"));
        self.sql(database, &recorded(version, "db-schema.sql"));
        // Without triggers: LiteLLM's own need a search path, and pg_dump empties it.
        let rows = recorded(version, "db-data.sql");
        self.sql(database, &format!("SET session_replication_role = replica;\n{rows}"));
    }

    /// Turns TLS on with a certificate for 127.0.0.1; the authority that signed it, as PEM.
    pub(crate) fn with_tls(&self) -> Vec<u8> {
        self.with_certificate("IP:127.0.0.1, DNS:localhost")
    }

    /// Turns TLS on with a certificate for these names; the authority that signed it, as PEM.
    #[expect(clippy::disallowed_methods, reason = "tests read a folder of their own")]
    pub(crate) fn with_certificate(&self, names: &str) -> Vec<u8> {
        write(&self.folder.join("extensions"), &format!("subjectAltName = {names}\n"));
        let steps = [
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test-ca -keyout ca.key -out ca.pem",
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=server -keyout data/server.key -out server.csr",
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -days 2 -extfile extensions -out data/server.crt",
        ];
        for step in steps {
            run(Command::new("openssl").args(step.split(' ')).current_dir(&self.folder));
        }
        let data = self.folder.join("data");
        run(Command::new("chmod").arg("600").arg(data.join("server.key")));
        if is_root() {
            run(Command::new("chown").arg("postgres").args([data.join("server.key"), data.join("server.crt")]));
        }
        self.sql("postgres", "ALTER SYSTEM SET ssl = on");
        run(self.tool("pg_ctl").args(["restart", "-w", "-s", "-m", "fast", "-D"]).arg(data).arg("-l").arg(self.log()));
        std::fs::read(self.folder.join("ca.pem")).expect("an authority")
    }

    /// A file of the server's folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Puts a PgBouncer in transaction mode, with one connection for everybody, before the server.
    pub(crate) fn with_pgbouncer(&self) -> Option<Pooler> {
        let Some(program) = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"].iter().find(|file| Path::new(file).exists())
        else {
            assert!(std::env::vars_os().all(|(name, _)| name != "CI"), "PgBouncer is not installed");
            let _ = writeln!(std::io::stderr(), "skipped: no PgBouncer");
            return None;
        };
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        write(&self.folder.join("users"), &format!("\"postgres\" \"{PASSWORD}\"\n"));
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {}\npool_mode = transaction\n\
             default_pool_size = 1\nmax_client_conn = 10\n",
            self.port,
            self.folder.join("users").display()
        );
        let file = self.folder.join("pgbouncer.ini");
        write(&file, &settings);
        let mut command = if is_root() { Command::new("setpriv") } else { Command::new(program) };
        if is_root() {
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", program]);
        }
        command.current_dir(&self.folder).arg(&file).stdout(Stdio::null()).stderr(Stdio::null());
        let pooler = Pooler { process: command.spawn().expect("PgBouncer"), port };
        for _ in 0..100 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(pooler);
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("PgBouncer does not listen")
    }

    /// Stops the server.
    pub(crate) fn stop(&self) {
        let data = self.folder.join("data");
        run(self.tool("pg_ctl").args(["stop", "-s", "-m", "immediate", "-D"]).arg(data));
    }

    fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// A tool of the server. It refuses to run as root, so root runs it as `postgres`.
    fn tool(&self, name: &str) -> Command {
        let program = self.binaries.join(name);
        let mut command = if is_root() { Command::new("setpriv") } else { Command::new(&program) };
        if is_root() {
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
        }
        command.current_dir(&self.folder).stdout(Stdio::null());
        command
    }
}

/// A running PgBouncer.
#[derive(Debug)]
pub(crate) struct Pooler {
    process: std::process::Child,
    /// Where it listens.
    pub(crate) port: u16,
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let data = self.folder.join("data");
        let _ =
            self.tool("pg_ctl").args(["stop", "-s", "-m", "immediate", "-D"]).arg(data).stderr(Stdio::null()).status();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A recorded file of one release of LiteLLM.
#[expect(clippy::disallowed_methods, reason = "tests read their fixtures")]
pub(crate) fn recorded(version: &str, name: &str) -> String {
    let path = format!("{}/../tests/fixtures/litellm/{version}/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[expect(clippy::disallowed_methods, reason = "tests write to a folder of their own")]
fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("a writable folder");
}

/// The newest version Debian has installed.
fn binaries() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|path| path.join("initdb").exists())
        .collect();
    found.sort();
    found.pop()
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}

fn run(command: &mut Command) {
    let output = command.stderr(Stdio::piped()).output().expect("a program of PostgreSQL");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
