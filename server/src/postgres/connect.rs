//! Connecting: where to, and how protected.

use std::pin::Pin;
use std::time::Duration;

use litellm::Secret;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, NoTls};

use super::error::{DatabaseError, unreachable};
use crate::address::{self, Demand};
use crate::cli::DatabaseTls;
use crate::dsn::{Dsn, Server, Tls};
use crate::settings::Network;
use crate::tls::{self, TlsError};

/// A connection. Statements go through the client; they travel while somebody waits for the connection as well.
pub(super) struct Connected {
    pub(super) client: Client,
    pub(super) connection: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// How long connecting may take.
pub(super) const CONNECT: Duration = Duration::from_secs(10);

/// Connects as the URL says, as far as it may.
pub(super) async fn connect(dsn: &Dsn, network: &Network) -> Result<Connected, DatabaseError> {
    let mut config = Config::new();
    config.user(&dsn.user).dbname(&dsn.database).port(dsn.port).application_name("gangway").connect_timeout(CONNECT);
    if let Some(password) = &dsn.password {
        config.password(Secret::expose(password));
    }
    let mut local = true;
    match &dsn.server {
        Server::Socket(folder) => {
            config.host_path(folder);
        }
        Server::Host(host) => {
            let demand = Demand { allow_link_local: network.allow_link_local, loopback_only: false };
            let found = address::resolve(host, dsn.port, demand).await?;
            local = found.iter().all(|address| address.ip().is_loopback());
            // The name stays for the certificate; only the addresses that were looked at are dialled.
            for address in found {
                config.host(host).hostaddr(address.ip());
            }
        }
    }
    let way = match dsn.server {
        Server::Socket(_) => Way::Clear,
        Server::Host(_) => way(dsn.tls, local, network.database_tls)?,
    };
    let opened = tokio::time::timeout(CONNECT * 2, open(&mut config, way, dsn, network)).await;
    opened.unwrap_or(Err(DatabaseError::Slow))
}

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Not at all.
    Clear,
    /// Encrypted where the server offers it: it is on this machine, and nobody asked for more.
    IfOffered,
    /// Encrypted, whatever the certificate says.
    Encrypted,
    /// Encrypted, and the certificate is right for the host.
    Verified,
}

/// On this machine as the URL says; elsewhere verified, unless the person said otherwise when starting.
pub(super) fn way(url: Tls, local: bool, flag: DatabaseTls) -> Result<Way, DatabaseError> {
    match (url, local, flag) {
        (Tls::Verified, _, _) | (Tls::Unsaid | Tls::Required, false, DatabaseTls::Verify) => Ok(Way::Verified),
        (Tls::Off, false, DatabaseTls::Verify) => Err(DatabaseError::InClear),
        (Tls::Required, true, _) | (_, false, DatabaseTls::Unverified) => Ok(Way::Encrypted),
        (Tls::Unsaid, true, _) => Ok(Way::IfOffered),
        (Tls::Off, true, _) | (_, false, DatabaseTls::Off) => Ok(Way::Clear),
    }
}

async fn open(config: &mut Config, way: Way, dsn: &Dsn, network: &Network) -> Result<Connected, DatabaseError> {
    config.ssl_mode(match way {
        Way::Clear => SslMode::Disable,
        Way::IfOffered => SslMode::Prefer,
        Way::Encrypted | Way::Verified => SslMode::Require,
    });
    if way == Way::Clear {
        let (client, connection) = config.connect(NoTls).await.map_err(|error| unreachable(&error))?;
        return Ok(Connected { client, connection: Box::pin(async { drop(connection.await) }) });
    }
    let own = if way == Way::Verified { authority(dsn)? } else { None };
    let tls = tls::for_database(way, &[network.ca.as_deref(), own.as_deref()])?;
    let (client, connection) = config.connect(tls).await.map_err(|error| unreachable(&error))?;
    Ok(Connected { client, connection: Box::pin(async { drop(connection.await) }) })
}

/// The certificate authority the URL itself names.
#[expect(clippy::disallowed_methods, reason = "the shell reads the file the database URL names")]
fn authority(dsn: &Dsn) -> Result<Option<Vec<u8>>, DatabaseError> {
    let Some((option, path)) = &dsn.authority else { return Ok(None) };
    let read = std::fs::read(path).map_err(|why| TlsError::Authority { option, why: why.kind() });
    Ok(Some(read?))
}
