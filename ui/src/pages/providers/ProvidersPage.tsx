// Providers: who can be asked, with which key, under which names.

import { useState } from "react";
import { useControl } from "../../api/queries";
import { go, useRoute } from "../../app/route";
import { Button } from "../../kit/Button";
import { Page } from "../../kit/Page";
import { Reading } from "../../kit/Reading";
import { AddProvider } from "./AddProvider";
import { Aliases } from "./Aliases";
import { ConfigFile } from "./ConfigFile";
import { Drains } from "./Drains";
import { KeyStoreNotice } from "./KeyStoreNotice";
import { ProviderList } from "./ProviderList";

/** Health ages without any event; this is how old it may get. */
const AGES_MS = 30_000;

export function ProvidersPage() {
  const page = useControl("providers.page", {}, { everyMs: AGES_MS });
  const adding = useAdding();
  return (
    <Page
      title="Providers"
      aside={
        <Button kind="primary" onPress={adding.start}>
          Add a provider
        </Button>
      }
    >
      <Reading query={page} what="the providers">
        {(data) => (
          <>
            <KeyStoreNotice store={data.key_store} />
            <ProviderList providers={data.providers} keyStore={data.key_store} />
            <Aliases aliases={data.aliases} providers={data.providers} />
            <Drains page={data} />
            <ConfigFile config={data.config} />
          </>
        )}
      </Reading>
      <AddProvider key={adding.round} isOpen={adding.isOpen} chosen={adding.chosen} onClose={adding.end} />
    </Page>
  );
}

/** The dialog may be asked for by a link (`#/providers?add=groq`), once. */
function useAdding() {
  const { params } = useRoute();
  const asked = params.get("add");
  const [started, setStarted] = useState(false);
  const [round, setRound] = useState(0);
  return {
    isOpen: started || asked !== null,
    chosen: asked === null || asked === "1" ? undefined : asked,
    round,
    start: () => setStarted(true),
    end: () => {
      setStarted(false);
      setRound((before) => before + 1);
      if (asked !== null) go("#/providers", "replace");
    },
  };
}
