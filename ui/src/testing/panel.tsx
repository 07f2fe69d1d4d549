// Renders the whole panel at an address, as a person would open it.

import { QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { newQueryClient } from "../api/queries";
import { App } from "../app/App";

export function openPanel(hash = "#/") {
  history.replaceState(null, "", hash);
  const client = newQueryClient();
  client.setDefaultOptions({ queries: { ...client.getDefaultOptions().queries, retry: false } });
  const user = userEvent.setup();
  const view = render(
    <QueryClientProvider client={client}>
      <App />
    </QueryClientProvider>,
  );
  return { client, user, ...view };
}
