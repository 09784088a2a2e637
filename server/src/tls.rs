//! TLS towards the database and the two servers.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_platform_verifier::Verifier;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::postgres::Way;

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    #[error("the file given with --ca-file, or named by the database URL, holds no certificates")]
    NoCertificates,
    #[error("the file that {option} of the database URL names cannot be read ({why}); --ca-file takes it too")]
    Authority { option: &'static str, why: std::io::ErrorKind },
    #[error("{0}")]
    Rustls(#[from] rustls::Error),
}

/// Makes ring the one cryptographic provider of the process.
pub(crate) fn install_provider() {
    // Fails only if one is installed already, and then it is this one.
    let _ = ring::default_provider().install_default();
}

/// A connector for the database; `given` are certificate authorities as PEM, beside the system's.
pub(crate) fn for_database(way: Way, given: &[Option<&[u8]>]) -> Result<MakeRustlsConnect, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match way {
        Way::Verified => Arc::new(Verifier::new_with_extra_roots(authorities(given)?, provider.clone())?),
        Way::IfOffered | Way::Encrypted | Way::Clear => Arc::new(AnyCertificate(provider.clone())),
    };
    Ok(MakeRustlsConnect::new(trusting(provider, verifier)?))
}

/// TLS towards a server; `given` are certificate authorities as PEM, beside the system's.
pub(crate) fn for_upstream(given: Option<&[u8]>) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier::new_with_extra_roots(authorities(&[given])?, provider.clone())?;
    Ok(trusting(provider, Arc::new(verifier))?)
}

/// For what speaks no TLS: nobody is trusted, and no time goes into reading whom the system trusts.
pub(crate) fn nobody() -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

fn trusting(
    provider: Arc<CryptoProvider>,
    verifier: Arc<dyn ServerCertVerifier>,
) -> Result<ClientConfig, rustls::Error> {
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth())
}

fn authorities(given: &[Option<&[u8]>]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let mut all = Vec::new();
    for pem in given.iter().flatten() {
        let found: Vec<_> =
            CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|_| TlsError::NoCertificates)?;
        if found.is_empty() {
            return Err(TlsError::NoCertificates);
        }
        all.extend(found);
    }
    Ok(all)
}

/// Takes any certificate: what `sslmode=require` means, and only where the person asked for it.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
