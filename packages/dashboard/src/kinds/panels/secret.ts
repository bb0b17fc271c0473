/**
 * What a Secret holds.
 * Holds: no value is in the page before it is asked for.
 */
import type { Secret } from "@kubets/api/generated/types/core-v1";
import { type ComponentChild, h } from "preact";
import { useState } from "preact/hooks";
import { CopyButton } from "../../parts/copy-button.ts";
import { Facts } from "../../parts/facts.ts";
import { Section } from "../../parts/section.ts";
import { showBytes } from "../../reckoning/amounts.ts";
import { secretValue } from "../../reckoning/secret-value.ts";
import type { PanelView } from "../panels.ts";

export function SecretPanel({ object: { type, data = {}, immutable } }: PanelView<Secret>): ComponentChild {
  const entries = Object.entries(data);
  return h(
    Section,
    { title: immutable ? "Data, which cannot be changed" : "Data" },
    h(Facts, { of: { Type: type } }),
    entries.length === 0 && h("p", { class: "quiet" }, "There is none."),
    entries.map(([key, base64]) => h(Entry, { key, name: key, base64 })),
  );
}

function Entry({ name, base64 }: { readonly name: string; readonly base64: string }): ComponentChild {
  const [isShown, setShown] = useState(false);
  const value = secretValue(base64);
  if ("bytes" in value)
    return h(
      "div",
      { class: "part" },
      h("h3", null, name),
      h("p", { class: "quiet" }, `${showBytes(value.bytes)} bytes that are no text`),
    );
  return h(
    "div",
    { class: "part" },
    h(
      "header",
      { class: "bar" },
      h("h3", null, name),
      h(
        "button",
        {
          type: "button",
          "aria-label": `${isShown ? "Hide" : "Show"} ${name}`,
          "aria-expanded": isShown,
          onClick: () => setShown(!isShown),
        },
        isShown ? "Hide" : "Show",
      ),
      h(CopyButton, { text: value.text, label: `Copy ${name}` }),
    ),
    isShown
      ? h("pre", null, value.text)
      : h("p", { class: "quiet" }, `Hidden: ${showBytes(value.text.length)} letters`),
  );
}
