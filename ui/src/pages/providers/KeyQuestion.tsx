// Asks for a key in the form its provider has: one line for most, a service
// account's file for Google's cloud, a key in two or three parts for Amazon's.
// What is taken from here is one text, as the keychain holds it.

import { useImperativeHandle, useRef, useState, type Ref } from "react";
import { FileTrigger } from "react-aria-components";
import { Button } from "../../kit/Button";
import { Choice } from "../../kit/Choice";
import css from "./Form.module.css";
import { KeyInput, type KeyLine, type KeyTaker } from "./KeyInput";

/** A service account has about 2,400 bytes. */
const LARGEST_FILE = 64 * 1024;

interface Props {
  /** How the key is shown to the provider: it decides the form. */
  auth: string;
  label: string;
  takerRef: Ref<KeyTaker>;
  autoFocus?: boolean;
  error?: string | undefined;
}

export function KeyQuestion({ auth, ...rest }: Props) {
  if (auth === "aws") return <AwsKey {...rest} />;
  if (auth === "google") return <GoogleKey {...rest} />;
  return <PlainKey {...rest} />;
}

function PlainKey({ takerRef, ...rest }: Omit<Props, "auth">) {
  const line = useRef<KeyLine>(null);
  useImperativeHandle(takerRef, () => ({ take: () => line.current?.take() ?? "" }));
  return <KeyInput {...rest} takerRef={line} />;
}

function GoogleKey({ takerRef, ...rest }: Omit<Props, "auth">) {
  const line = useRef<KeyLine>(null);
  useImperativeHandle(takerRef, () => ({ take: () => line.current?.take() ?? "" }));
  const read = async (files: FileList | null) => {
    const text = await files?.[0]?.slice(0, LARGEST_FILE).text();
    if (text !== undefined) line.current?.fill(text);
  };

  return (
    <div className={css.question}>
      <KeyInput
        {...rest}
        takerRef={line}
        hint="The JSON of a service account, or an access token, which ends within the hour. It is stored once and never shown again."
      />
      <p>
        <FileTrigger acceptedFileTypes={["application/json", ".json"]} onSelect={(files) => void read(files)}>
          <Button>Read the JSON from a file…</Button>
        </FileTrigger>
      </p>
    </div>
  );
}

type AwsForm = "bearer" | "access";

function AwsKey({ label, takerRef, autoFocus, error }: Omit<Props, "auth">) {
  const [form, setForm] = useState<AwsForm>("bearer");
  const bearer = useRef<KeyLine>(null);
  const id = useRef<KeyLine>(null);
  const secret = useRef<KeyLine>(null);
  const token = useRef<KeyLine>(null);

  useImperativeHandle(takerRef, () => ({
    take() {
      if (form === "bearer") return bearer.current?.take() ?? "";
      const parts = {
        access_key_id: id.current?.take(),
        secret_access_key: secret.current?.take(),
        session_token: token.current?.take(),
      };
      const given = Object.entries(parts).filter(([, value]) => value);
      return given.length === 0 ? "" : JSON.stringify(Object.fromEntries(given));
    },
  }));

  return (
    <div className={css.question}>
      <Choice<AwsForm>
        label="Kind of key"
        value={form}
        onChange={setForm}
        options={[
          { value: "bearer", label: "A Bedrock API key" },
          { value: "access", label: "An access key: requests are signed with it, and it never travels" },
        ]}
      />
      {form === "bearer" ? (
        <KeyInput label={label} takerRef={bearer} autoFocus={autoFocus} error={error} />
      ) : (
        <>
          <KeyInput label="Access key id" takerRef={id} legible hint="It begins with AKIA, or with ASIA when it comes with a session token." error={error} />
          <KeyInput label="Secret access key" takerRef={secret} />
          <KeyInput label="Session token" takerRef={token} hint="Only of a key that was handed out for a while; it ends with it." />
        </>
      )}
    </div>
  );
}
