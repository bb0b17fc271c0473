/** The text of a spec that is looked at several times on the way of one write, in which it does not change from validation on. */
import { encodeJson } from "./json.ts";

let last: { readonly spec: object; readonly text: string } | undefined;

/** As it stands now. */
export function lookAtSpec(spec: object): string {
  last = { spec, text: encodeJson(spec) };
  return last.text;
}

/** As it stood when it was looked at last. */
export const textOfSpec = (spec: object): string => (last?.spec === spec ? last.text : lookAtSpec(spec));
