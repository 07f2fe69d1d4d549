// The filter: a text, a provider, failed only. It lives in the address, so Back,
// links and a reload keep it.

import { useEffect, useRef, useState } from "react";
import { Checkbox, Input, SearchField } from "react-aria-components";
import { useControl } from "../../api/queries";
import { useShortcuts } from "../../app/keys";
import css from "./RequestFilter.module.css";

const TYPING_MS = 200;

interface Props {
  params: URLSearchParams;
  onChange: (params: URLSearchParams) => void;
}

export function RequestFilter({ params, onChange }: Props) {
  const { data } = useControl("providers.page", {});
  const provider = params.get("provider") ?? "";
  const change = (name: string, value: string) => {
    const next = new URLSearchParams(params);
    if (value) next.set(name, value);
    else next.delete(name);
    onChange(next);
  };
  const known = data?.providers.map(({ health }) => ({ id: health.id, name: health.name })) ?? [];
  if (provider && !known.some(({ id }) => id === provider)) known.push({ id: provider, name: provider });

  return (
    <search className={css.filter} aria-label="Filter requests">
      <TextFilter text={params.get("text") ?? ""} onChange={(text) => change("text", text)} />
      <select
        className={css.select}
        aria-label="Provider"
        value={provider}
        onChange={(event) => change("provider", event.target.value)}
      >
        <option value="">All providers</option>
        {known.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
      <Checkbox
        className={css.check!}
        isSelected={params.has("failed")}
        onChange={(failed) => change("failed", failed ? "1" : "")}
      >
        <span className={css.box} aria-hidden="true">
          <svg viewBox="0 0 12 12" width="10" height="10">
            <path d="m2 6.5 3 3 5-7" />
          </svg>
        </span>
        Failed only
      </Checkbox>
    </search>
  );
}

function TextFilter({ text, onChange }: { text: string; onChange: (text: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState(text);
  useShortcuts({ "/": () => input.current?.focus() });

  useEffect(() => {
    if (typed === text) return;
    const timer = setTimeout(() => onChange(typed), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]); // eslint-disable-line react-hooks/exhaustive-deps -- only typing starts the timer

  return (
    <SearchField
      aria-label="Filter by model, provider, alias, client or receipt"
      className={css.search!}
      value={typed}
      onChange={setTyped}
      onKeyDown={(event) => {
        if (event.key === "Escape" && typed === "") input.current?.blur();
      }}
    >
      <Input ref={input} placeholder="Model, provider, alias, client, receipt" spellCheck={false} aria-keyshortcuts="/" />
      <kbd aria-hidden="true">/</kbd>
    </SearchField>
  );
}
