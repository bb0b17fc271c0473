/** How long ago something was; the moment itself is told to who points at it. */
import { humanDuration } from "@kubets/machinery/duration";
import { type ComponentChild, h } from "preact";
import { useNow } from "./hooks.ts";

export function Age({ of }: { readonly of: string | number | null | undefined }): ComponentChild {
  const now = useNow();
  if (!of) return null;
  const time = new Date(of);
  const text = time.toISOString();
  return h("time", { datetime: text, title: text }, humanDuration(now - time.getTime()));
}
