/** What a ConfigMap holds. */
import type { ConfigMap } from "@kubets/api/generated/types/core-v1";
import { type ComponentChild, h } from "preact";
import { CopyButton } from "../../parts/copy-button.ts";
import { Section } from "../../parts/section.ts";
import { showBytes } from "../../reckoning/amounts.ts";
import { secretValue } from "../../reckoning/secret-value.ts";
import type { PanelView } from "../panels.ts";

/** Longer texts are folded. */
const LONG = 2000;

export function ConfigMapPanel({ object: { data = {}, binaryData = {}, immutable } }: PanelView<ConfigMap>) {
  const isEmpty = Object.keys(data).length + Object.keys(binaryData).length === 0;
  return h(
    Section,
    { title: immutable ? "Data, which cannot be changed" : "Data" },
    isEmpty && h("p", { class: "quiet" }, "There is none."),
    Object.entries(data).map(([key, text]) => h(Entry, { key, name: key, text })),
    Object.entries(binaryData).map(([key, base64]) => {
      const value = secretValue(base64);
      const size = "bytes" in value ? value.bytes : new TextEncoder().encode(value.text).length;
      return h(
        "div",
        { class: "part", key },
        h("h3", null, key),
        h("p", { class: "quiet" }, `${showBytes(size)} bytes`),
      );
    }),
  );
}

const Entry = ({ name, text }: { readonly name: string; readonly text: string }): ComponentChild =>
  h(
    "div",
    { class: "part" },
    h("header", { class: "bar" }, h("h3", null, name), h(CopyButton, { text, label: `Copy ${name}` })),
    text.length > LONG
      ? h("details", null, h("summary", null, `${showBytes(text.length)} letters`), h("pre", null, text))
      : h("pre", null, text),
  );
