//! An authenticator in software (Web Authentication Level 3), honest unless a test makes it lie.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

/// What it says of itself and of where it is asked from.
#[derive(Clone)]
pub struct Says {
    pub origin: String,
    pub rp: String,
    pub kind: &'static str,
    /// User present (1), user verified (4).
    pub flags: u8,
    pub counter: u32,
    /// The name of who it is of, as base64.
    pub handle: Option<String>,
    /// Whether the signature is of something else.
    pub forged: bool,
}

pub struct Authenticator {
    key: EcdsaKeyPair,
    id: [u8; 16],
    handle: String,
    pub says: Says,
}

fn challenge(options: &str) -> (String, Value) {
    let all: Value = serde_json::from_str(options).unwrap();
    let all = all.get("publicKey").cloned().unwrap_or(all);
    (all["challenge"].as_str().unwrap().to_owned(), all)
}

impl Authenticator {
    /// One that holds nothing yet; `n` makes its id another's.
    pub fn new(n: u8) -> Self {
        let rng = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &rng).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), &rng).unwrap();
        let says = Says {
            origin: "http://localhost:3000".into(),
            rp: "localhost".into(),
            kind: "webauthn.get",
            flags: 5,
            counter: 0,
            handle: None,
            forged: false,
        };
        Self { key, id: [n; 16], handle: String::new(), says }
    }

    fn client(&self, kind: &str, challenge: &str) -> Vec<u8> {
        json!({ "type": kind, "challenge": challenge, "origin": self.says.origin, "crossOrigin": false }).to_string().into_bytes()
    }

    fn head(&self, flags: u8) -> Vec<u8> {
        let mut data = digest(&SHA256, self.says.rp.as_bytes()).as_ref().to_vec();
        data.push(flags);
        data.extend(self.says.counter.to_be_bytes());
        data
    }

    /// Answers a challenge to make a passkey.
    pub fn register(&mut self, options: &str) -> String {
        let (challenge, all) = challenge(options);
        self.handle = all["user"]["id"].as_str().unwrap().to_owned();
        // Attested credential data follows (64).
        let mut data = self.head(self.says.flags | 64);
        data.extend([0; 16]);
        data.extend((self.id.len() as u16).to_be_bytes());
        data.extend(self.id);
        let point = self.key.public_key().as_ref();
        // A COSE key: EC2, ES256, P-256, x and y.
        data.extend([0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 32]);
        data.extend(&point[33..65]);
        let mut object = vec![0xa3, 0x63];
        object.extend(b"fmt\x64none\x67attStmt\xa0\x68authData\x59");
        object.extend((data.len() as u16).to_be_bytes());
        object.extend(data);
        let client = self.client("webauthn.create", &challenge);
        json!({ "id": B64.encode(self.id), "rawId": B64.encode(self.id), "type": "public-key", "extensions": {},
            "response": { "attestationObject": B64.encode(object), "clientDataJSON": B64.encode(client) } })
        .to_string()
    }

    /// Answers a challenge to log in.
    pub fn log_in(&mut self, options: &str) -> String {
        let (challenge, _) = challenge(options);
        let (client, data) = (self.client(self.says.kind, &challenge), self.head(self.says.flags));
        let mut signed = data.clone();
        signed.extend(digest(&SHA256, if self.says.forged { b"something else" } else { &client }).as_ref());
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        let handle = self.says.handle.as_ref().unwrap_or(&self.handle);
        json!({ "id": B64.encode(self.id), "rawId": B64.encode(self.id), "type": "public-key", "extensions": {},
            "response": { "authenticatorData": B64.encode(data), "clientDataJSON": B64.encode(client), "signature": B64.encode(signature.as_ref()), "userHandle": handle } })
        .to_string()
    }

    pub fn handle(&self) -> &str {
        &self.handle
    }
}
