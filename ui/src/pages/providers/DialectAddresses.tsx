// Where a server speaks which dialect: a line for each.

import { Button } from "../../kit/Button";
import { Field } from "../../kit/Field";
import { Select } from "../../kit/Select";
import { dialect as nameOf } from "../../words";
import css from "./DialectAddresses.module.css";

export interface DialectAddress {
  dialect: string;
  url: string;
}

const DIALECTS = [
  { value: "openai", label: "OpenAI Chat", example: "http://127.0.0.1:8000/v1", hint: "Usually ends in /v1." },
  { value: "responses", label: "OpenAI Responses", example: "http://127.0.0.1:8000/v1", hint: "Usually ends in /v1." },
  { value: "anthropic", label: "Anthropic", example: "http://127.0.0.1:8000", hint: "Without /v1." },
  { value: "gemini", label: "Gemini", example: "https://gateway.example.com/v1beta", hint: "Usually ends in /v1beta." },
  { value: "ollama", label: "Ollama", example: "http://127.0.0.1:11434", hint: "Without /api." },
  { value: "bedrock", label: "Bedrock", example: "https://bedrock-runtime.eu-west-1.amazonaws.com", hint: "The address of the runtime." },
  { value: "cohere", label: "Cohere", example: "https://api.cohere.com", hint: "Without /v2. Rerank of other makers is spoken here too." },
];

interface Props {
  addresses: DialectAddress[];
  onChange: (addresses: DialectAddress[]) => void;
  error: (field: string) => string | undefined;
}

export function DialectAddresses({ addresses, onChange, error }: Props) {
  const free = DIALECTS.filter(({ value }) => !addresses.some(({ dialect }) => dialect === value));
  const change = (index: number, to: Partial<DialectAddress>) =>
    onChange(addresses.map((address, at) => (at === index ? { ...address, ...to } : address)));

  return (
    <div className={css.addresses} role="group" aria-label="Dialects and their addresses">
      {addresses.map(({ dialect, url }, index) => {
        const known = DIALECTS.find(({ value }) => value === dialect);
        return (
          <div key={index} className={css.address}>
            <Select
              label="Dialect"
              value={dialect}
              onChange={(chosen) => change(index, { dialect: chosen })}
              options={DIALECTS.filter((option) => option === known || free.includes(option))}
            />
            <Field
              label={`${nameOf(dialect)} base URL`}
              mono
              value={url}
              onChange={(typed) => change(index, { url: typed })}
              placeholder={known?.example ?? ""}
              hint={known?.hint ?? ""}
              error={error(`${dialect}_base_url`)}
            />
            {addresses.length > 1 && (
              <Button
                kind="bare"
                className={css.out!}
                onPress={() => onChange(addresses.filter((_, at) => at !== index))}
                aria-label={`Take out ${nameOf(dialect)}`}
              >
                Take out
              </Button>
            )}
          </div>
        );
      })}
      {free[0] !== undefined && (
        <p>
          <Button onPress={() => onChange([...addresses, { dialect: free[0]!.value, url: "" }])}>It speaks another dialect too</Button>
        </p>
      )}
    </div>
  );
}
