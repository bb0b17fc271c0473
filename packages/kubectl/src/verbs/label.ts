/** Changes the labels of objects. */
import { mapVerb } from "./metadata-map.ts";

export const label = mapVerb({
  name: "label",
  what: "label",
  field: "labels",
  summary: "Change the labels of objects",
  did({ before, set, removed }) {
    if (Object.entries(set).some(([key, value]) => before[key] !== value)) return "labeled";
    return removed.length > 0 ? "unlabeled" : "not labeled";
  },
  taken: (taken) =>
    taken.length === 1
      ? `${taken[0]}, and --overwrite is false`
      : `--overwrite is false but found the following declared label(s): ${taken.join("; ")}`,
});
