/** Who comes without the key is told where it is. */
import { type ComponentChild, h } from "preact";

export const LoginPage = ({ onKey }: { onKey(key: string): void }): ComponentChild =>
  h(
    "main",
    { class: "login" },
    h("h1", null, "Kubets"),
    h(
      "p",
      null,
      "This page needs the key of the run that serves it: open the address that ",
      h("code", null, "kubets dashboard"),
      " printed, or give the key here.",
    ),
    h(
      "form",
      {
        onSubmit: (event: SubmitEvent) => {
          event.preventDefault();
          const given = new FormData(event.target as HTMLFormElement).get("key");
          // The whole address does, too.
          const key = String(given)
            .trim()
            .replace(/^.*#key=/s, "");
          if (key) onKey(key);
        },
      },
      h("label", null, "Key ", h("input", { name: "key", type: "password", autocomplete: "off", autofocus: true })),
      h("button", { type: "submit", class: "main" }, "Open"),
    ),
  );
