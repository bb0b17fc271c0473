/** Small fields that stand in a bar above what they change. */
import { type ComponentChild, h } from "preact";

export const check = (
  label: string,
  checked: boolean,
  set: (checked: boolean) => void,
  disabled = false,
): ComponentChild =>
  h("label", null, h("input", { type: "checkbox", checked, disabled, onChange: () => set(!checked) }), ` ${label}`);

export const choice = (
  label: string,
  value: string,
  set: (value: string) => void,
  options: readonly (readonly [value: string, text: string])[],
): ComponentChild =>
  h(
    "label",
    { class: "field" },
    `${label} `,
    h(
      "select",
      { value, onChange: (event: Event) => set((event.target as HTMLSelectElement).value) },
      options.map(([each, text]) => h("option", { key: each, value: each, selected: each === value }, text)),
    ),
  );
