//! The pages, served by the real program; the server ends with the story.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Child;

use serde_json::Value;

use crate::Place;

/// A server at work.
pub struct Serving {
    child: Child,
    pub url: String,
}

impl Serving {
    /// Serves a place's registry with a program.
    pub fn of(place: &Place, program: &str) -> Serving {
        let child = place.started(program, "serve --address 127.0.0.1:0 --json");
        let mut serving = Serving { child, url: String::new() };
        let mut line = String::new();
        let mut out = BufReader::new(serving.child.stdout.take().expect("a pipe"));
        out.read_line(&mut line).expect("the server speaks");
        let said: Value = serde_json::from_str(&line).expect("JSON");
        serving.url = said["url"].as_str().expect("an address").to_owned();
        serving
    }

    /// Asks for a page and gives the answer, its status line first.
    pub fn page(&self, path: &str) -> String {
        let address = self.url.trim_start_matches("http://").trim_end_matches('/');
        let mut stream = TcpStream::connect(address).expect("a connection");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")
            .expect("asked");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        answer
    }

    /// Interrupts the server and gives its exit code.
    pub fn interrupted(mut self) -> Option<i32> {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, rustix::process::Signal::INT).expect("a signal");
        self.child.wait().expect("it ended").code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
