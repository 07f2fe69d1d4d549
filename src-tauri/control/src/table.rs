//! The table of operations. One line each: name, kind, method, input, output and
//! the tags that say when the panel must read it again. Dispatch, the list for
//! carriers and the TypeScript of the panel all come from these lines.

use serde_json::Value;
use ts_rs::TS;

use crate::failure::Failure;
use crate::shown::*;
use crate::typescript::Writer;
use crate::{Control, Kind, Operation};

macro_rules! operations {
    ($($name:literal: $kind:ident $method:ident($input:ty) -> $output:ty, [$($tag:ident),*];)*) => {
        /// Every operation, in the order of the table.
        pub const OPERATIONS: &[Operation] = &[$(Operation {
            name: $name,
            kind: Kind::$kind,
            tags: &[$(Tag::$tag),*],
        }),*];

        impl Control {
            /// Calls an operation by its name: the one entrance for every carrier.
            ///
            /// # Errors
            /// An unknown name, an input of the wrong shape, or the operation's own refusal.
            pub async fn call(&self, operation: &str, input: Value) -> Result<Value, Failure> {
                match operation {
                    $($name => {
                        let input: $input = read(input)?;
                        let output: $output = self.$method(input).await?;
                        serde_json::to_value(output).map_err(Failure::unavailable)
                    })*
                    unknown => Err(Failure::not_found(format_args!(
                        "there is no operation `{unknown}`"
                    ))),
                }
            }
        }

        /// Writes the types of every input and output and the table itself.
        pub(crate) fn write_types(writer: &mut Writer) {
            $(writer.operation::<$input, $output>($name);)*
        }
    };
}

operations! {
    "overview": Query overview(Nothing) -> Overview, [Receipts, Providers, Keys, Status];
    "health": Query signals(Nothing) -> HealthShown, [Receipts, Providers, Keys, Status];
    "models.changes": Query model_changes(Nothing) -> ModelChanges, [Receipts, Providers];
    "requests.list": Query list_requests(ListRequests) -> RequestPage, [Receipts];
    "requests.get": Query get_request(ReceiptName) -> ReceiptShown, [];
    "providers.page": Query providers_page(Nothing) -> ProvidersPage, [Receipts, Providers, Keys, Status];
    "providers.catalogue": Query catalogue(Nothing) -> Vec<CatalogueEntry>, [Providers, Keys];
    "connect": Query connect(Nothing) -> Connect, [Clients];
    "providers.put": Mutation put_provider(PutProvider) -> Nothing, [Providers, Status];
    "providers.remove": Mutation remove_provider(ProviderName) -> Nothing, [Providers, Status];
    "providers.enable": Mutation enable_provider(EnableProvider) -> Nothing, [Providers, Status];
    "providers.test": Mutation test_provider(ProviderName) -> ProviderTest, [];
    "doctor.examine": Mutation examine(Examine) -> ExaminationShown, [Providers];
    "doctor.matrix": Query examinations(WhichExaminations) -> Vec<ExaminationShown>, [Providers];
    "keys.set": Mutation set_key(SetKey) -> Nothing, [Keys, Providers];
    "keys.remove": Mutation remove_key(ProviderName) -> Nothing, [Keys, Providers];
    "keys.import": Mutation import_key(ProviderName) -> Nothing, [Keys, Providers];
    "aliases.put": Mutation put_alias(AliasShown) -> Nothing, [Providers];
    "aliases.remove": Mutation remove_alias(AliasName) -> Nothing, [Providers];
    "cache.page": Query cache_page(Nothing) -> CachePage, [Receipts];
    "cache.fetch_model": Mutation fetch_model(FetchModel) -> Nothing, [Receipts];
    "cache.cancel_fetch": Mutation cancel_fetch(Nothing) -> Nothing, [Receipts];
    "cache.purge": Mutation purge_cache(PurgeCache) -> PurgedCache, [Receipts];
    "tools.page": Query tools_page(Nothing) -> ToolsPage, [Tools, Providers];
    "tools.run": Mutation run_tool(RunTool) -> ToolOutcome, [];
    "tools.recognise": Query recognise(Recognise) -> RecognisedShown, [];
    "tools.grant": Mutation grant_tool(GrantTool) -> Nothing, [Tools, Status];
    "tools.revoke": Mutation revoke_tool(RevokeTool) -> Nothing, [Tools, Status];
    "tools.rule": Mutation put_tool_rule(PutToolRule) -> Nothing, [Tools, Status];
    "tools.off": Mutation switch_tool(SwitchTool) -> Nothing, [Tools, Status];
    "drains.list": Query list_drains(Nothing) -> Vec<DrainShown>, [Receipts, Providers, Status];
    "drains.begin": Mutation begin_drain(BeginDrain) -> Nothing, [Providers, Status];
    "drains.end": Mutation end_drain(EndDrain) -> Nothing, [Providers, Status];
    "routing.pause": Mutation pause(Pause) -> Nothing, [Status];
    "clients.create": Mutation create_client(ClientName) -> FreshClientKey, [Clients];
    "clients.revoke": Mutation revoke_client(ClientName) -> Nothing, [Clients];
    "clients.dismiss_first": Mutation dismiss_first(Nothing) -> Nothing, [Clients];
}

/// An absent input is an empty one, so that `curl` needs no body for a query.
fn read<T: serde::de::DeserializeOwned + TS>(input: Value) -> Result<T, Failure> {
    let input = match input {
        Value::Null => Value::Object(serde_json::Map::new()),
        other => other,
    };
    serde_json::from_value(input).map_err(Failure::bad_input)
}
