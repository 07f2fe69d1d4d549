// Every provider with its lamp, its addresses, its key, and what can be done to it.

import type { KeyStore, ProviderShown } from "../../api/generated";
import { Empty } from "../../kit/Empty";
import { Section } from "../../kit/Section";
import { ProviderItem } from "./ProviderItem";
import css from "./ProviderList.module.css";

export function ProviderList({ providers, keyStore }: { providers: ProviderShown[]; keyStore: KeyStore }) {
  const own = providers.filter((provider) => provider.editable);
  return (
    <Section title="Configured" aside="In this order when several serve one model">
      {own.length === 0 && (
        <Empty title="No provider of your own yet">
          Add one with the button above. Until then only the practice provider answers.
        </Empty>
      )}
      <ul className={css.list} aria-label="Providers">
        {providers.map((provider) => (
          <ProviderItem key={provider.health.id} provider={provider} keyStore={keyStore} />
        ))}
      </ul>
    </Section>
  );
}
