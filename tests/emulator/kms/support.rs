//! An emulated KMS with a clock in the test's hand.

use crate::answers;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keystorm::api::{KeySpec, KeyUsage, Operation};
use keystorm::emulator::Settings;
use keystorm::kms::access::{Directory, Kind, Policy, Principal, Standing, default_policy};
use keystorm::kms::crypto::{Material, MaterialId};
use keystorm::kms::keys::{Eventual, Key, KeyId, KeyMaterial, KeyRef, Manager, Moment, Origin, Realm};
use keystorm::kms::{Assumed, Call, Caller, Config, Consistency, Kms, Limits, Step, wire};
use keystorm::quota::{Quotas, catalogue};
use keystorm::time::{Span, Time};
use keystorm::units::Rate;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, LazyLock, OnceLock};

/// The account of most tests.
pub const OWN: &str = "111122223333";
/// Another one.
pub const OTHER: &str = "444455556666";
/// The Region of most tests.
pub const REGION: &str = "eu-west-1";

/// What a call leads to: the answer, or a code and a message.
pub type Said = Result<Value, (String, String)>;

/// The emulator, and who calls it from where.
pub struct Emulator {
    kms: Kms,
    now: Time,
    caller: Caller,
    region: String,
    source_ip: IpAddr,
    keys: u8,
    /// What whoever runs the server is told of the last call.
    pub warnings: Vec<String>,
}

/// What a test may want otherwise.
#[derive(Default)]
pub struct Setting {
    pub limits: Limits,
    pub consistency: Consistency,
    pub assumed: Assumed,
    /// The principals file; empty for none.
    pub principals: String,
    /// Whether nobody else exists.
    pub is_complete: bool,
}

impl Emulator {
    /// With all defaults, called by the account's root.
    pub fn new() -> Emulator {
        Emulator::with(Setting::default())
    }

    /// With other settings.
    pub fn with(setting: Setting) -> Emulator {
        let mut directory = match setting.principals.as_str() {
            "" => Directory::default(),
            yaml => Directory::parse(yaml).expect("the test's principals file is right"),
        };
        if setting.is_complete {
            directory.complete();
        }
        let defaults = Settings::default();
        let config = Config {
            quotas: Quotas { overrides: ample(), ..defaults.quotas },
            service_time: defaults.service_time,
            faults: defaults.faults,
            limits: setting.limits,
            consistency: setting.consistency,
            assumed: setting.assumed,
            is_front: false,
            realms: 1_000,
            tells_retry: false,
            directory: Arc::new(directory),
            token_key: [7; 32],
            seed: 1,
            is_durable: false,
        };
        let kms = Kms::new(config, Moment::from_millis(1_800_000_000_000));
        let caller = Caller {
            principal: Principal::root(OWN),
            policies: [].into(),
            access_key_id: "AKIA".into(),
            standing: Standing::default(),
        };
        let source_ip = std::net::Ipv4Addr::LOCALHOST.into();
        let region = REGION.into();
        Emulator { kms, now: Time::ZERO, caller, region, source_ip, keys: 0, warnings: Vec::new() }
    }

    /// Called from now on by the root of an account.
    pub fn in_account(&mut self, account: &str) -> &mut Emulator {
        self.caller.principal = Principal::root(account);
        self.caller.policies = [].into();
        self
    }

    /// Called from now on by this principal, with these identity policies (JSON).
    pub fn as_caller(&mut self, arn: &str, policies: &[&str]) -> &mut Emulator {
        self.caller.principal = Principal::from_arn(arn).expect("the test's ARN is right");
        let parsed = policies
            .iter()
            .map(|text| Policy::parse(text, Kind::Identity).expect("the test's policy is right"));
        self.caller.policies = parsed.collect();
        self
    }

    /// Called from now on by somebody of whom this is known.
    pub fn standing(&mut self, standing: Standing) -> &mut Emulator {
        self.caller.standing = standing;
        self
    }

    /// Called from now on by a session of this role, which has these identity policies (JSON).
    pub fn as_session(&mut self, role: &str, name: &str, policies: &[&str]) -> &mut Emulator {
        self.as_caller(role, policies);
        self.caller.principal = Principal::session(&self.caller.principal, name);
        self
    }

    /// Called from now on from this address.
    pub fn at_address(&mut self, address: &str) -> &mut Emulator {
        self.source_ip = address.parse().expect("the test's address is right");
        self
    }

    /// Called from now on in this Region.
    pub fn in_region(&mut self, region: &str) -> &mut Emulator {
        self.region = region.into();
        self
    }

    /// Lets time pass on the admin clock.
    pub fn advance(&mut self, span: Span) -> &mut Emulator {
        self.now += span;
        self
    }

    /// Makes a call; no time passes.
    pub fn call(&mut self, operation: &str, input: Value) -> Said {
        let operation = Operation::from_name(operation).expect("the test's operation exists");
        let call = Call {
            decoded: wire::decode(operation, input.to_string().as_bytes()),
            caller: std::sync::Arc::new(self.caller.clone()),
            region: self.region.as_str().into(),
            request_id: keystorm::kms::uuid([1; 16]),
            event_id: keystorm::kms::uuid([2; 16]),
            source_ip: self.source_ip,
            user_agent: "test".into(),
        };
        let begun = self.kms.begin(&call, self.now);
        self.warnings = begun.trail.warnings;
        let answer = begun.step.and_then(|step| match step {
            Step::Done(output) => Ok(output),
            Step::Compute(arithmetic) => arithmetic(),
            Step::Create(new) => {
                let material = Material::generate(new.spec()).expect("a key can be generated");
                Ok(self.kms.create(*new, Some(material), self.now))
            }
            Step::Forward => unreachable!("the keys are here"),
        });
        match answer {
            Ok(output) => {
                let answer = serde_json::from_slice(&output.into_bytes()).expect("answers are JSON");
                assert_eq!(answers::strangers(operation, &answer), Vec::<String>::new(), "{operation}");
                Ok(answer)
            }
            Err(error) => {
                // The last of them is how Recipient, which is not emulated, is refused everywhere.
                let common =
                    ["AccessDeniedException", "ValidationException", "UnsupportedOperationException"];
                let is_known = error.code == "ThrottlingException"
                    || common.contains(&error.code)
                    || is_modelled(operation, error.code);
                assert!(is_known, "{operation} has no {}", error.code);
                Err((error.code.into(), error.message.unwrap_or_default()))
            }
        }
    }

    /// Makes a call that must succeed.
    pub fn ok(&mut self, operation: &str, input: Value) -> Value {
        self.call(operation, input.clone()).unwrap_or_else(|e| panic!("{operation} {input}: {e:?}"))
    }

    /// The code of a call that must fail.
    pub fn code(&mut self, operation: &str, input: Value) -> String {
        match self.call(operation, input.clone()) {
            Err((code, _)) => code,
            Ok(answer) => panic!("{operation} {input} succeeds: {answer}"),
        }
    }

    /// Puts a key into the caller's realm; gives its ARN.
    pub fn key(&mut self, spec: KeySpec, usage: KeyUsage) -> String {
        self.key_with(spec, usage, |_| ())
    }

    /// Puts a symmetric key into the caller's realm; gives its ARN.
    pub fn symmetric(&mut self) -> String {
        self.key(KeySpec::SymmetricDefault, KeyUsage::EncryptDecrypt)
    }

    /// Puts a key that is changed first into the caller's realm; gives its ARN.
    pub fn key_with(&mut self, spec: KeySpec, usage: KeyUsage, change: impl FnOnce(&mut Key)) -> String {
        self.keys += 1;
        let id = KeyId::from_random([self.keys; 16], false);
        let created = self.kms.moment(self.now);
        let account = self.caller.principal.account.clone();
        let policy =
            Policy::parse(&default_policy(&account, "aws"), Kind::Key).expect("AWS's own policy is right");
        let mut key = Key {
            spec,
            usage,
            origin: Origin::AwsKms,
            manager: Manager::Customer,
            description: String::new(),
            policy: Eventual::new(Arc::new(policy)),
            tags: BTreeMap::new(),
            created,
            enabled: Eventual::new(true),
            deletion: Eventual::new(None),
            creating_until: None,
            updating_until: None,
            materials: vec![material(spec, id.as_str(), created)],
            rotation: None,
            on_demand_rotations: 0,
            multi_region: None,
            store: None,
            xks_key_id: None,
            last_usage: None,
            arn: OnceLock::new(),
            id,
        };
        change(&mut key);
        let realm = self.kms.inventory_mut().realm_id(&Realm::new(&account, &self.region));
        let reference = self.kms.inventory_mut().put(realm, key);
        self.kms.inventory().arn(&reference)
    }

    /// Changes a key that is there.
    pub fn change(&mut self, arn: &str, change: impl FnOnce(&mut Key)) {
        let key = self.reference(arn);
        self.kms.inventory_mut().change(&key, change).expect("the key exists");
    }

    /// A key that is there.
    pub fn look(&self, arn: &str) -> &Key {
        self.kms.inventory().get(&self.reference(arn)).expect("the key exists")
    }

    /// Gives a key a policy (JSON).
    pub fn set_policy(&mut self, arn: &str, policy: &str) {
        let policy = Policy::parse(policy, Kind::Key).expect("the test's policy is right");
        self.change(arn, |key| key.policy = Eventual::new(Arc::new(policy)));
    }

    /// Takes a key out, as its deletion does.
    pub fn remove(&mut self, arn: &str) {
        let key = self.reference(arn);
        self.kms.inventory_mut().remove(&key);
    }

    fn reference(&self, arn: &str) -> KeyRef {
        let parts: Vec<&str> = arn.split(':').collect();
        let realm = self.kms.inventory().find_realm(parts[4], parts[3]).expect("the realm exists");
        KeyRef { realm, id: parts[5].strip_prefix("key/").expect("a key's ARN").into() }
    }
}

/// Whether the fact sheet lets an operation answer an error.
fn is_modelled(operation: Operation, code: &str) -> bool {
    static SHEET: LazyLock<Value> = LazyLock::new(|| {
        serde_json::from_str(&crate::facts::text("kms-operations.json")).expect("the fact sheet is JSON")
    });
    let errors = &SHEET["operations"][operation.name()]["errors"];
    errors.as_array().expect("each operation has its errors").iter().any(|error| error == code)
}

/// Quotas that no test meets.
fn ample() -> BTreeMap<String, Rate> {
    catalogue::all().map(|pool| (pool.name().to_string(), Rate::per_second(1_000_000))).collect()
}

/// A version of material made now.
pub fn material(spec: KeySpec, key: &str, created: Moment) -> KeyMaterial {
    let secret = Material::generate(spec).expect("a key can be generated");
    KeyMaterial::new(MaterialId::of(key, secret.to_bytes().as_bytes()), Arc::new(secret), created)
}

/// Bytes as the wire has them.
pub fn b64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Bytes that the wire has.
pub fn bytes(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().expect("a blob is text")).expect("a blob is Base64")
}

/// The code of what was said.
pub fn code(said: &Said) -> &str {
    said.as_ref().map_or_else(|(code, _)| code.as_str(), |_| "ok")
}
