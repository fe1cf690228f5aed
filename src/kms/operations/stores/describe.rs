//! DescribeCustomKeyStores.

use super::super::page::Page;
use super::super::{CallContext, Handled, Step};
use crate::kms::keys::{Store, StoreKind};
use crate::kms::wire::{ApiError, Output};

serves! {
    DescribeCustomKeyStores: describe_custom_key_stores,
}

/// Stores of a page if the call does not say (assumed).
const PAGE: usize = 100;

/// DescribeCustomKeyStores: all of an account in a Region, or one by its id or name.
fn describe_custom_key_stores(ctx: &mut CallContext<'_>) -> Handled {
    let input = ctx.input();
    ctx.authorize_identity("kms:DescribeCustomKeyStores", "*", |_| ())?;
    let (id, name) = (input.text("CustomKeyStoreId"), input.text("CustomKeyStoreName"));
    if id.is_some() && name.is_some() {
        return Err(ApiError::validation(
            "Specify either CustomKeyStoreId or CustomKeyStoreName, but not both.",
        ));
    }
    let page = Page::read(input, PAGE)?;
    let wanted =
        |store: &&Store| id.is_none_or(|id| store.id == id) && name.is_none_or(|name| store.name == name);
    if let Some(missing) =
        id.or(name).filter(|_| !ctx.inventory.stores(ctx.realm).any(|store| wanted(&store)))
    {
        return Err(ApiError::custom_key_store_not_found(format!(
            "Custom key store {missing} was not found."
        )));
    }
    let stores = ctx.inventory.stores(ctx.realm).filter(wanted);
    let rest = stores.filter(|store| page.after().is_none_or(|after| store.id.as_str() > after));
    let output = page.fill("CustomKeyStores", rest, |store| entry(ctx, store), |store| store.id.clone());
    Ok(Step::Done(output))
}

fn entry(ctx: &CallContext<'_>, store: &Store) -> Output {
    let output = Output::new().text("CustomKeyStoreId", &store.id).text("CustomKeyStoreName", &store.name);
    let output = match &store.kind {
        StoreKind::CloudHsm { cluster, trust_anchor } => {
            output.text("CloudHsmClusterId", cluster).text("TrustAnchorCertificate", trust_anchor)
        }
        StoreKind::External { .. } => output,
    };
    let output = output
        .text("ConnectionState", store.state(ctx.now))
        .time("CreationDate", store.created.as_secs())
        .text("CustomKeyStoreType", kind_name(&store.kind));
    output.given(proxy(ctx, &store.kind), |output, proxy| output.object("XksProxyConfiguration", proxy))
}

const fn kind_name(kind: &StoreKind) -> &'static str {
    match kind {
        StoreKind::CloudHsm { .. } => "AWS_CLOUDHSM",
        StoreKind::External { .. } => "EXTERNAL_KEY_STORE",
    }
}

fn proxy(ctx: &CallContext<'_>, kind: &StoreKind) -> Option<Output> {
    let StoreKind::External { uri_endpoint, uri_path, connectivity, vpc_service, vpc_owner, access_key_id } =
        kind
    else {
        return None;
    };
    let output = Output::new()
        .text("Connectivity", connectivity)
        .text("AccessKeyId", access_key_id)
        .text("UriEndpoint", uri_endpoint)
        .text("UriPath", uri_path);
    let Some(service) = vpc_service else { return Some(output) };
    let owner = vpc_owner.as_deref().unwrap_or(&ctx.caller().principal.account);
    Some(output.text("VpcEndpointServiceName", service).text("VpcEndpointServiceOwner", owner))
}
