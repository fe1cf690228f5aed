//! The partitions of AWS, and which host names are AWS's.
//!
//! Sources: the endpoint rules that the AWS SDK for Rust carries (aws-sdk-kms 1.129.0, `partitions.json` 1.1, read
//! 2026-11-29) for suffixes and Regions; AWS General Reference, AWS KMS endpoints and quotas, for `kms-fips`; KMS
//! Developer Guide, "Connect to AWS KMS through a VPC endpoint", for `vpce-….kms.<region>.vpce.amazonaws.com` (both read
//! 2026-11-29); IANA's root zone database for `.aws`, which Amazon runs (read 2026-11-29).

/// One partition: Regions that share a domain and accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    /// As ARNs name it.
    pub id: &'static str,
    /// What its Regions begin with; the last partition of the table has all others.
    region: &'static str,
    /// Domain of its endpoints, those of VPC endpoints and FIPS included.
    suffix: &'static str,
    /// Domain of its dual-stack endpoints.
    dual_stack: &'static str,
}

const fn partition(
    id: &'static str,
    region: &'static str,
    suffix: &'static str,
    dual_stack: &'static str,
) -> Partition {
    Partition { id, region, suffix, dual_stack }
}

/// The Region that is meant where none is named.
pub const DEFAULT_REGION: &str = "us-east-1";
/// The longest name of a Region; AWS's own have at most fifteen letters.
pub const MAX_REGION: usize = 64;

/// Whether a text can be the name of a Region, known or not: it stands in ARNs, metrics and names of files.
pub fn is_region_name(text: &str) -> bool {
    (1..=MAX_REGION).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// All of them.
static PARTITIONS: [Partition; 8] = [
    partition("aws-cn", "cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    partition("aws-us-gov", "us-gov-", "amazonaws.com", "api.aws"),
    partition("aws-eusc", "eusc-", "amazonaws.eu", "api.amazonwebservices.eu"),
    partition("aws-iso", "us-iso-", "c2s.ic.gov", "api.aws.ic.gov"),
    partition("aws-iso-b", "us-isob-", "sc2s.sgov.gov", "api.aws.scloud"),
    partition("aws-iso-e", "eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
    partition("aws-iso-f", "us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
    partition("aws", "", "amazonaws.com", "api.aws"),
];

/// Domains of AWS that no partition has for endpoints today: whatever lies in them is nobody else's.
const OTHERS: [&str; 4] =
    ["aws", "amazonwebservices.com", "amazonwebservices.com.cn", "amazonwebservices.eu"];

impl Partition {
    /// The partition of a Region.
    pub fn of(region: &str) -> Partition {
        let [first @ .., last] = &PARTITIONS;
        *first.iter().find(|each| region.starts_with(each.region)).unwrap_or(last)
    }

    /// The partition that an ARN names, if it is an ARN.
    pub fn named_in(arn: &str) -> Option<&str> {
        arn.strip_prefix("arn:")?.split(':').next()
    }

    /// Whether an ARN is of the partition of a Region: accounts and keys of one are nobody in another.
    pub fn has(region: &str, arn: &str) -> bool {
        Partition::named_in(arn) == Some(Partition::of(region).id)
    }

    /// The URL of a service in a Region, whose hosts begin with `service`.
    pub fn endpoint(service: &str, region: &str, is_dual_stack: bool) -> String {
        let Partition { suffix, dual_stack, .. } = Partition::of(region);
        format!("https://{service}.{region}.{}", if is_dual_stack { dual_stack } else { suffix })
    }

    /// The URL of KMS in a Region.
    pub fn kms(region: &str, is_fips: bool, is_dual_stack: bool) -> String {
        Partition::endpoint(if is_fips { "kms-fips" } else { "kms" }, region, is_dual_stack)
    }
}

/// The domain of AWS that a host is in; `None` if it is not AWS's. `name` is in small letters, without a dot at its end.
pub fn domain_of_aws(name: &str) -> Option<&'static str> {
    let is_in = |domain: &&str| {
        name.strip_suffix(*domain).is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    let domains = PARTITIONS.iter().flat_map(|each| [each.suffix, each.dual_stack]).chain(OTHERS);
    // The longest tells most.
    domains.filter(is_in).max_by_key(|domain| domain.len())
}

/// The Region that the name of a host of AWS names.
pub fn region_in(name: &str) -> Option<&str> {
    let is_region = |label: &&str| {
        let parts: Vec<&str> = label.split('-').collect();
        let [words @ .., number] = parts.as_slice() else { return false };
        let is_word = |word: &&str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
        words.len() >= 2
            && words.iter().all(is_word)
            && !number.is_empty()
            && number.bytes().all(|b| b.is_ascii_digit())
    };
    name.split('.').find(is_region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_aws_is_known_and_nothing_else() {
        for (name, domain, region) in [
            ("kms.us-east-1.amazonaws.com", "amazonaws.com", Some("us-east-1")),
            ("kms-fips.us-gov-west-1.amazonaws.com", "amazonaws.com", Some("us-gov-west-1")),
            ("kms.cn-north-1.amazonaws.com.cn", "amazonaws.com.cn", Some("cn-north-1")),
            ("kms.eu-west-1.api.aws", "api.aws", Some("eu-west-1")),
            (
                "kms.cn-northwest-1.api.amazonwebservices.com.cn",
                "api.amazonwebservices.com.cn",
                Some("cn-northwest-1"),
            ),
            ("kms.eusc-de-east-1.amazonaws.eu", "amazonaws.eu", Some("eusc-de-east-1")),
            (
                "kms.eusc-de-east-1.api.amazonwebservices.eu",
                "api.amazonwebservices.eu",
                Some("eusc-de-east-1"),
            ),
            ("kms.us-iso-east-1.c2s.ic.gov", "c2s.ic.gov", Some("us-iso-east-1")),
            ("kms.us-iso-east-1.api.aws.ic.gov", "api.aws.ic.gov", Some("us-iso-east-1")),
            ("kms.us-isob-east-1.sc2s.sgov.gov", "sc2s.sgov.gov", Some("us-isob-east-1")),
            ("kms.us-isob-east-1.api.aws.scloud", "api.aws.scloud", Some("us-isob-east-1")),
            ("kms.eu-isoe-west-1.cloud.adc-e.uk", "cloud.adc-e.uk", Some("eu-isoe-west-1")),
            ("kms.eu-isoe-west-1.api.cloud-aws.adc-e.uk", "api.cloud-aws.adc-e.uk", Some("eu-isoe-west-1")),
            ("kms.us-isof-south-1.csp.hci.ic.gov", "csp.hci.ic.gov", Some("us-isof-south-1")),
            ("kms.us-isof-south-1.api.aws.hci.ic.gov", "api.aws.hci.ic.gov", Some("us-isof-south-1")),
            ("vpce-0a1b-2c3d.kms.us-east-1.vpce.amazonaws.com", "amazonaws.com", Some("us-east-1")),
            (
                "vpce-0a1b-2c3d-us-east-1a.kms.us-east-1.vpce.amazonaws.com",
                "amazonaws.com",
                Some("us-east-1"),
            ),
            ("amazonaws.com", "amazonaws.com", None),
            ("anything.on.aws", "aws", None),
            ("x.amazonwebservices.com", "amazonwebservices.com", None),
        ] {
            assert_eq!((domain_of_aws(name), region_in(name)), (Some(domain), region), "{name}");
        }
        for name in [
            "localhost",
            "kms.example.com",
            "notamazonaws.com",
            "amazonaws.com.evil.org",
            "kms.us-east-1.amazonaws.com.example",
            "aws.example.com",
            "laws",
            "kms",
        ] {
            assert_eq!(domain_of_aws(name), None, "{name}");
        }
    }

    #[test]
    fn each_region_has_its_partition_and_its_endpoints_are_known_as_aws() {
        for (region, id) in [
            ("eu-west-1", "aws"),
            ("us-gov-west-1", "aws-us-gov"),
            ("cn-north-1", "aws-cn"),
            ("eusc-de-east-1", "aws-eusc"),
            ("us-iso-east-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eu-isoe-west-1", "aws-iso-e"),
            ("us-isof-south-1", "aws-iso-f"),
        ] {
            assert_eq!(Partition::of(region).id, id);
            for (is_fips, is_dual_stack) in [(false, false), (true, false), (false, true), (true, true)] {
                let url = Partition::kms(region, is_fips, is_dual_stack);
                let name = url.strip_prefix("https://").unwrap();
                assert!(domain_of_aws(name).is_some() && region_in(name) == Some(region), "{url}");
                assert_eq!(name.starts_with("kms-fips."), is_fips);
            }
        }
    }
}
