//! Against servers that misbehave: programs (`tests/fake.py`), and one over HTTP (`tests/fake_http.py`).

mod http;
mod programs;
