/** Changes the annotations of objects. */
import { mapVerb } from "./metadata-map.ts";

export const annotate = mapVerb({
  name: "annotate",
  what: "annotation",
  field: "annotations",
  summary: "Change the annotations of objects",
  did: () => "annotated",
  taken: (taken) => `--overwrite is false but found the following declared annotation(s): ${taken.join("; ")}`,
});
