/** A small table of what is at hand. */
import { type ComponentChild, type ComponentChildren, h } from "preact";

interface GridProps {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly ComponentChildren[])[];
}

export const Grid = ({ titles, rows }: GridProps): ComponentChild =>
  h(
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
          titles.map((title) => h("th", { scope: "col", key: title }, title)),
        ),
      ),
      h(
        "tbody",
        null,
        rows.map((cells, row) =>
          h(
            "tr",
            { key: row },
            cells.map((cell, at) => h("td", { key: at }, cell)),
          ),
        ),
      ),
    ),
  );
