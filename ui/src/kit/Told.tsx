// A message as it was told, by Signalbox or by a provider: what stands between
// backticks is drawn as code. Nothing else in it is markup.

export function Told({ children }: { children: string }) {
  // Every other piece stood between two backticks.
  return children
    .split(/`([^`\s](?:[^`\n]*[^`\s])?)`/)
    .map((piece, index) => (index % 2 === 1 ? <code key={index}>{piece}</code> : piece));
}
