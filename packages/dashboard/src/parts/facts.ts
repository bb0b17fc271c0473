/** Names and what there is to say of each; what there is nothing to say of is left out. */
import { type ComponentChild, type ComponentChildren, h } from "preact";

export const Facts = ({ of }: { readonly of: Readonly<Record<string, ComponentChildren>> }): ComponentChild =>
  h(
    "dl",
    null,
    Object.entries(of).map(([name, value]) =>
      value === undefined || value === null || value === "" || value === false
        ? null
        : [h("dt", { key: `${name} name` }, name), h("dd", { key: name }, value)],
    ),
  );
