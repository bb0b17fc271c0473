/** A small table of what is at hand. Columns in which nothing stands are left out. */
import { type ComponentChild, type ComponentChildren, h } from "preact";
import { isNothing } from "./facts.ts";

interface GridProps {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly ComponentChildren[])[];
}

export function Grid({ titles, rows }: GridProps): ComponentChild {
  const columns = titles.flatMap((title, at) => (rows.every((row) => isNothing(row[at])) ? [] : [{ title, at }]));
  return h(
    "div",
    { class: "grid" },
    h(
      "table",
      null,
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          columns.map(({ title, at }) => h("th", { scope: "col", key: at }, title)),
        ),
      ),
      h(
        "tbody",
        null,
        rows.map((cells, row) =>
          h(
            "tr",
            { key: row },
            columns.map(({ at }) => h("td", { key: at }, cells[at])),
          ),
        ),
      ),
    ),
  );
}
