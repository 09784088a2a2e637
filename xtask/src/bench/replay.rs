//! The writes of an apply, kept on their way to the gateway and sent again by a program that does nothing else. A
//! practice gateway gives its ids in the same order each time, so that the same writes make the same objects.

use std::io::{BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::relay::{Message, read_message};
use crate::sh::{Done, Failure};

/// The call by which a virtual key is made.
const CREATE: &str = "POST /api/governance/virtual-keys ";

/// Passes everything on to a gateway, and keeps the writes.
pub(super) struct Recorder {
    /// Where it listens.
    pub(super) address: String,
    writes: Arc<Mutex<Vec<Message>>>,
}

impl Recorder {
    /// One before the gateway of that address.
    pub(super) fn before(gateway: &str) -> Done<Self> {
        let io = |error: std::io::Error| Failure::new(format!("a listener on loopback: {error}"));
        let listener = TcpListener::bind("127.0.0.1:0").map_err(io)?;
        let address = listener.local_addr().map_err(io)?.to_string();
        let writes = Arc::default();
        let (gateway, kept) = (gateway.to_owned(), Arc::clone(&writes));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (gateway, kept) = (gateway.clone(), Arc::clone(&kept));
                // The peer closes; that is the end of it.
                thread::spawn(move || drop(pass_on(stream, &gateway, &kept)));
            }
        });
        Ok(Self { address, writes })
    }

    /// What was kept, in order.
    pub(super) fn writes(&self) -> Vec<Message> {
        self.writes.lock().map(|mut writes| std::mem::take(&mut *writes)).unwrap_or_default()
    }
}

fn pass_on(caller: TcpStream, gateway: &str, kept: &Mutex<Vec<Message>>) -> std::io::Result<()> {
    let mut gateway = TcpStream::connect(gateway)?;
    let mut back = caller.try_clone()?;
    let (mut asked, mut answered) = (BufReader::new(caller), BufReader::new(gateway.try_clone()?));
    while let Some(message) = read_message(&mut asked)? {
        gateway.write_all(&message.bytes())?;
        if !message.first.starts_with("GET ")
            && let Ok(mut kept) = kept.lock()
        {
            kept.push(message);
        }
        let Some(answer) = read_message(&mut answered)? else { break };
        back.write_all(&answer.bytes())?;
    }
    Ok(())
}

/// Sends the writes over one connection, one after the other: how many virtual keys they make, and in what time.
pub(super) fn replay(writes: &[Message], address: &str) -> Done<(u32, Duration)> {
    let io = |error: std::io::Error| Failure::new(format!("{address}: {error}"));
    let mut stream = TcpStream::connect(address).map_err(io)?;
    stream.set_nodelay(true).map_err(io)?;
    let mut reader = BufReader::new(stream.try_clone().map_err(io)?);
    let (mut made, mut took) = (0, Duration::ZERO);
    for write in writes {
        let bytes = write.bytes();
        let start = Instant::now();
        stream.write_all(&bytes).map_err(io)?;
        let answer = read_message(&mut reader).map_err(io)?;
        if !write.first.starts_with(CREATE) {
            continue;
        }
        took += start.elapsed();
        made += 1;
        let first = answer.map(|answer| answer.first).unwrap_or_default();
        if !first.contains(" 200 ") && !first.contains(" 201 ") {
            return Err(Failure::new(format!("{CREATE}: answered `{}`", first.trim())));
        }
    }
    if made == 0 { Err(Failure::new("the apply made no virtual key")) } else { Ok((made, took)) }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn writes_are_kept_and_sent_again() {
        let gateway = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = gateway.local_addr().expect("its address").to_string();
        let answers = thread::spawn(move || {
            let mut firsts = Vec::new();
            for _ in 0..2 {
                let (stream, _) = gateway.accept().expect("a caller");
                let mut back = stream.try_clone().expect("a stream");
                let mut reader = BufReader::new(stream);
                while let Ok(Some(message)) = read_message(&mut reader) {
                    back.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").expect("an answer");
                    firsts.push((message.first.trim().to_owned(), message.body));
                }
            }
            firsts
        });
        let recorder = Recorder::before(&address).expect("a recorder");
        let mut caller = TcpStream::connect(&recorder.address).expect("it listens");
        let key = format!("{CREATE}HTTP/1.1\r\nContent-Length: 3\r\n\r\nkey");
        for request in ["GET /api/version HTTP/1.1\r\n\r\n", &key, "DELETE /x HTTP/1.1\r\n\r\n"] {
            caller.write_all(request.as_bytes()).expect("it takes it");
            let mut answer = [0; 40];
            caller.read_exact(&mut answer).expect("an answer");
        }
        drop(caller);
        let writes = recorder.writes();
        let (made, _) = replay(&writes, &address).expect("the gateway answers");
        assert_eq!(made, 1);
        let (key, delete) = (format!("{CREATE}HTTP/1.1"), "DELETE /x HTTP/1.1".to_owned());
        let (key, delete) = ((key, b"key".to_vec()), (delete, Vec::new()));
        let get = ("GET /api/version HTTP/1.1".to_owned(), Vec::new());
        assert_eq!(answers.join().expect("no panic"), [get, key.clone(), delete.clone(), key, delete]);
    }
}
