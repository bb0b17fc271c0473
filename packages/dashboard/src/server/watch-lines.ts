/** The events of a watch out of the text that it comes as. */
import { type Failure, failureOf } from "./failure.ts";

export interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";
  readonly object: unknown;
}

/** Takes pieces that end anywhere. Gives whole events, and the failure where the server told one. */
export function watchLines(): (text: string) => { readonly events: readonly WatchEvent[]; readonly failure?: Failure } {
  let rest = "";
  return (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    const events: WatchEvent[] = [];
    for (const line of lines) {
      if (!line.trim()) continue;
      const { type, object } = JSON.parse(line) as { type: WatchEvent["type"] | "ERROR"; object: { code?: number } };
      if (type === "ERROR") return { events, failure: failureOf(object.code ?? 500, JSON.stringify(object)) };
      events.push({ type, object });
    }
    return { events };
  };
}
