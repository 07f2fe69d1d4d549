import { render } from "@testing-library/react";
import { expect, test } from "vitest";
import { Told } from "./Told";

test.each([
  ["Write `key`, not `kye`.", "Write <code>key</code>, not <code>kye</code>."],
  ["`all`", "<code>all</code>"],
  ["one ` alone, and `` none", "one ` alone, and `` none"],
  ["<b>no markup</b>", "&lt;b&gt;no markup&lt;/b&gt;"],
])("%s", (told, drawn) => {
  expect(render(<Told>{told}</Told>).container.innerHTML).toBe(drawn);
});
