//! What other services of AWS are asked a few times a run: JSON, in requests that we sign ourselves.
//!
//! An SDK crate for each of them takes a minute to build and holds hundreds of operations of which one is used. The
//! requests leave through the same connections as the SDK's own, with the same credentials.

use super::{Access, Error, errors};
use crate::api::{ErrorCode, Reply};
use crate::backend::Refusal;
use crate::clock::{epoch_millis, sleep, within};
use crate::planner::partition::Partition;
use crate::time::Span;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::http::{HttpConnector as _, SharedHttpConnector};
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::Value;
use std::time::{Duration, SystemTime};

/// A service that speaks JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Service {
    /// As its settings call it: `AWS_ENDPOINT_URL_CLOUDWATCH` and `endpoint_url` of a profile follow from it.
    id: &'static str,
    /// How its hosts begin, and what is signed for.
    prefix: &'static str,
    /// What stands before an operation's name.
    target: &'static str,
    content_type: &'static str,
}

/// Names and version of the protocol from the service's model in botocore 1.44.8 (read 2026-11-29): `json` 1.0 is one of
/// its three protocols.
pub(super) const CLOUDWATCH: Service = Service {
    id: "CloudWatch",
    prefix: "monitoring",
    target: "GraniteServiceVersion20100801",
    content_type: "application/x-amz-json-1.0",
};

/// Names and version of the protocol from the service's model in botocore 1.44.8 (read 2026-11-29).
pub(super) const SERVICE_QUOTAS: Service = Service {
    id: "Service Quotas",
    prefix: "servicequotas",
    target: "ServiceQuotasV20190624",
    content_type: "application/x-amz-json-1.1",
};

/// How long an answer may take.
const TIMEOUT: Span = Span::from_secs(30);
/// How often a question is asked that met a throttle, a fault or no answer.
const TRIES: u32 = 3;
/// How long is waited before it is asked again; twice as long the next time. One asks, so nothing has to be spread.
const PAUSE: Span = Span::from_millis(500);

/// Asks `service` for `operation`; `asked` names both in errors, such as `CloudWatch GetMetricData`.
///
/// # Errors
/// The service says no, or does not answer three times in a row.
pub(super) async fn ask(
    access: &Access,
    service: Service,
    (asked, operation): (&'static str, &str),
    body: &Value,
) -> Result<Value, Error> {
    let connector = access.wires().connector();
    let endpoint = access.endpoint_of(service.id).unwrap_or_else(|| {
        let sdk = access.sdk();
        let is_fips = sdk.use_fips().unwrap_or_default();
        let is_dual = sdk.use_dual_stack().unwrap_or_default();
        default_endpoint(service.prefix, access.region(), is_fips, is_dual)
    });
    let endpoint = format!("{}/", endpoint.trim_end_matches('/'));
    let mut pause = PAUSE;
    for number in 1.. {
        // Signed anew each time, since a signature ends and credentials may.
        let request = signed(access, service, operation, &endpoint, body).await?;
        match answer(&connector, request).await {
            Ok(value) => return Ok(value),
            Err(refusal) if number < TRIES && passes(refusal.reply) => {
                sleep(pause).await;
                pause = pause.times(2);
            }
            Err(refusal) => return Err(errors::refused(asked, refusal)),
        }
    }
    unreachable!("the last try returns")
}

/// Whether what a try met may be gone at the next.
const fn passes(reply: Reply) -> bool {
    matches!(
        reply,
        Reply::Throttled | Reply::Failed(ErrorCode::Internal) | Reply::Failed(ErrorCode::ConnectionReset)
    )
}

/// Where a service is asked in a Region, where nothing is configured.
///
/// Source: the endpoint rules of both services in botocore 1.44.8 (read 2026-11-29). GovCloud's own endpoints are FIPS
/// endpoints.
fn default_endpoint(prefix: &str, region: &str, is_fips: bool, is_dual: bool) -> String {
    let fips = if is_fips && !region.starts_with("us-gov-") { "-fips" } else { "" };
    Partition::endpoint(&format!("{prefix}{fips}"), region, is_dual)
}

/// A request with its signature.
async fn signed(
    access: &Access,
    service: Service,
    operation: &str,
    endpoint: &str,
    body: &Value,
) -> Result<HttpRequest, Error> {
    let strange =
        |why: &dyn std::fmt::Display| Error::Endpoint { url: endpoint.into(), why: why.to_string() };
    let provider = access.sdk().credentials_provider();
    let provider = provider.ok_or_else(|| Error::NoCredentials("none are configured".into()))?;
    let credentials = provider.provide_credentials().await.map_err(|error| errors::credentials(&error))?;
    let identity: Identity = credentials.into();
    let body = body.to_string();
    let target = format!("{}.{operation}", service.target);
    let mut request = HttpRequest::new(SdkBody::from(body.clone()));
    request.set_method("POST").expect("a method");
    request.set_uri(endpoint.to_owned()).map_err(|error| strange(&error))?;
    // Who calls stands in `user-agent`, which is put in as it leaves.
    let headers = [("content-type", service.content_type), ("x-amz-target", target.as_str())];
    for (name, value) in headers {
        request.headers_mut().insert(name, value.to_owned());
    }
    let now = Duration::from_millis(u64::try_from(epoch_millis()).unwrap_or_default());
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(access.region())
        .name(service.prefix)
        .time(SystemTime::UNIX_EPOCH + now)
        .settings(SigningSettings::default())
        .build()
        .expect("every parameter is given")
        .into();
    let signable =
        SignableRequest::new("POST", endpoint, headers.into_iter(), SignableBody::Bytes(body.as_bytes()))
            .map_err(|error| strange(&error))?;
    let (instructions, _) = sign(signable, &params).map_err(|error| strange(&error))?.into_parts();
    for (name, value) in instructions.headers() {
        request.headers_mut().insert(name.to_owned(), value.to_owned());
    }
    Ok(request)
}

/// What one try brings.
async fn answer(connector: &SharedHttpConnector, request: HttpRequest) -> Result<Value, Refusal> {
    let late = || Refusal::no_answer(format!("no answer within {TIMEOUT}"));
    let asking = async {
        let response =
            connector.call(request).await.map_err(|error| Refusal::no_answer(errors::causes(&error)))?;
        let status = response.status().as_u16();
        let bytes = ByteStream::new(response.into_body()).collect().await;
        let bytes = bytes.map_err(|error| Refusal::no_answer(errors::causes(&error)))?.into_bytes();
        match status {
            200..300 => serde_json::from_slice(&bytes).map_err(|error| {
                Refusal::from_service(status, "UnexpectedAnswer", format!("no JSON: {error}"))
            }),
            _ => Err(Refusal::from_json(status, &bytes)),
        }
    };
    within(TIMEOUT, asking).await.ok_or_else(late)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_partition_has_its_own_hosts() {
        for (prefix, region, (is_fips, is_dual), url) in [
            ("monitoring", "eu-west-1", (false, false), "https://monitoring.eu-west-1.amazonaws.com"),
            ("monitoring", "us-east-1", (true, false), "https://monitoring-fips.us-east-1.amazonaws.com"),
            ("monitoring", "us-east-1", (true, true), "https://monitoring-fips.us-east-1.api.aws"),
            ("monitoring", "us-gov-west-1", (true, false), "https://monitoring.us-gov-west-1.amazonaws.com"),
            ("monitoring", "us-iso-east-1", (false, false), "https://monitoring.us-iso-east-1.c2s.ic.gov"),
            (
                "monitoring",
                "us-isof-south-1",
                (false, false),
                "https://monitoring.us-isof-south-1.csp.hci.ic.gov",
            ),
            (
                "monitoring",
                "eusc-de-east-1",
                (false, false),
                "https://monitoring.eusc-de-east-1.amazonaws.eu",
            ),
            (
                "servicequotas",
                "cn-north-1",
                (false, false),
                "https://servicequotas.cn-north-1.amazonaws.com.cn",
            ),
            (
                "servicequotas",
                "cn-north-1",
                (false, true),
                "https://servicequotas.cn-north-1.api.amazonwebservices.com.cn",
            ),
        ] {
            assert_eq!(default_endpoint(prefix, region, is_fips, is_dual), url);
        }
    }

    #[test]
    fn only_what_may_pass_is_asked_again() {
        for (status, code, again) in [
            (400, "ThrottlingException", true),
            (503, "ServiceUnavailable", true),
            (400, "AccessDeniedException", false),
            (400, "InvalidParameterValue", false),
        ] {
            assert_eq!(passes(Refusal::from_service(status, code, "").reply), again, "{code}");
        }
        assert!(passes(Refusal::no_answer("reset").reply));
    }
}
