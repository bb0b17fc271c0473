/** Names and what there is to say of each; what there is nothing to say of is left out. */
import { type ComponentChild, type ComponentChildren, h } from "preact";

export const Facts = ({ of }: { readonly of: Readonly<Record<string, ComponentChildren>> }): ComponentChild =>
  h(
    "dl",
    null,
    Object.entries(of).map(([name, value]) =>
      isNothing(value) ? null : [h("dt", { key: `${name} name` }, name), h("dd", { key: name }, value)],
    ),
  );

export const isNothing = (value: ComponentChildren): boolean =>
  Array.isArray(value)
    ? value.every(isNothing)
    : value === undefined || value === null || value === "" || value === false;
