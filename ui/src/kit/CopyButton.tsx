// Copies a text, and says so in place for a moment.

import { useEffect, useState } from "react";
import { Button } from "./Button";

const SAID_MS = 2_000;

/** `what` completes "Copy …" for those who do not see the text beside the button. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [said, setSaid] = useState<"" | "Copied" | "Not copied">("");

  useEffect(() => {
    if (!said) return;
    const timer = setTimeout(() => setSaid(""), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);

  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setSaid("Copied"),
      () => setSaid("Not copied"),
    );
  };

  return (
    <Button kind="bare" onPress={copy} aria-label={said || `Copy ${what}`}>
      {said || "Copy"}
    </Button>
  );
}
