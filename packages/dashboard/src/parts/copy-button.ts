/** Puts a text where it can be pasted from. */
import { type ComponentChild, h } from "preact";
import { useTry } from "./hooks.ts";

export function CopyButton({ text, label }: { readonly text: string; readonly label?: string }): ComponentChild {
  const attempt = useTry();
  const copy = () =>
    attempt(async () => {
      await navigator.clipboard.writeText(text);
      return "Copied";
    });
  return h("button", { type: "button", "aria-label": label, onClick: () => void copy() }, "Copy");
}
