/**
 * A table that the server made: any kind, with the columns that `kubectl get` shows. Ages go on; every row leads to its object.
 * Holds: however many rows there are, no more are in the page than it can bear.
 */
import { humanDuration } from "@kubets/machinery/duration";
import { type ComponentChild, h } from "preact";
import { useState } from "preact/hooks";
import { objectAddress } from "../route.ts";
import type { Column, Row } from "../server/forms.ts";
import type { Kind } from "../server/kinds.ts";
import { useNow } from "./hooks.ts";
import { inOrder, matches, type Order } from "./table-rows.ts";
import { toneOf } from "./tone.ts";

interface TableViewProps {
  readonly kind: Kind;
  readonly rows: readonly Row[];
  readonly columns: readonly Column[];
  readonly showNamespace: boolean;
  /** Columns that are left out of narrow tables, too. */
  readonly wide?: boolean;
  readonly filter?: string;
  readonly selected?: ReadonlySet<string>;
  onSelect?(uids: ReadonlySet<string>): void;
}

const SHOWN = 500;

export function TableView({
  kind,
  rows,
  columns,
  showNamespace,
  wide = false,
  filter = "",
  selected,
  onSelect,
}: TableViewProps): ComponentChild {
  const [order, setOrder] = useState<Order>({ column: "Name", descending: false });
  const [limit, setLimit] = useState(SHOWN);
  const now = useNow();
  const shownColumns = columns.flatMap((column, at) => (wide || !column.priority ? [{ column, at }] : []));
  const matching = inOrder(
    rows.filter((row) => matches(row, filter)),
    columns,
    order,
  );
  const shown = matching.slice(0, limit);
  const isAllSelected = matching.length > 0 && matching.every((row) => selected?.has(uidOf(row)));

  const heading = (name: string, help?: string) =>
    h(
      "th",
      {
        scope: "col",
        "aria-sort": order.column === name ? (order.descending ? "descending" : "ascending") : undefined,
      },
      h(
        "button",
        {
          type: "button",
          class: "plain",
          title: help,
          onClick: () => setOrder({ column: name, descending: order.column === name && !order.descending }),
        },
        name,
      ),
    );
  const select = (uids: readonly string[], isSelected: boolean) => {
    const next = new Set(selected);
    for (const uid of uids)
      if (isSelected) next.add(uid);
      else next.delete(uid);
    onSelect?.(next);
  };
  const box = (label: string, uids: readonly string[], checked: boolean) =>
    h("input", {
      type: "checkbox",
      "aria-label": label,
      checked,
      onChange: (event: Event) => select(uids, (event.target as HTMLInputElement).checked),
    });

  return h(
    "div",
    { class: "table" },
    h(
      "table",
      null,
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          onSelect && h("th", { class: "box-cell" }, box("Select all", matching.map(uidOf), isAllSelected)),
          showNamespace && heading("Namespace"),
          shownColumns.map(({ column }) => heading(column.name, column.description)),
        ),
      ),
      h(
        "tbody",
        null,
        shown.map((row) => {
          const { metadata } = row.object;
          return h(
            "tr",
            { key: uidOf(row), class: metadata.deletionTimestamp ? "going" : undefined },
            onSelect &&
              h(
                "td",
                { class: "box-cell" },
                box(`Select ${metadata.name}`, [uidOf(row)], selected?.has(uidOf(row)) ?? false),
              ),
            showNamespace && h("td", null, metadata.namespace),
            shownColumns.map(({ column, at }) =>
              h("td", { key: column.name }, cell(kind, row, column, row.cells[at], now)),
            ),
          );
        }),
      ),
    ),
    matching.length > limit &&
      h(
        "p",
        { class: "quiet" },
        `${limit} of ${matching.length} are shown. `,
        h("button", { type: "button", onClick: () => setLimit(matching.length) }, "Show all"),
      ),
  );
}

export const uidOf = ({ object }: Row): string => object.metadata.uid ?? "";

function cell(kind: Kind, { object: { metadata } }: Row, column: Column, value: unknown, now: number): ComponentChild {
  if (column.format === "name" || column.name === "Name")
    return h("a", { href: objectAddress(kind, metadata) }, String(value));
  if (column.name === "Age" && metadata.creationTimestamp)
    return h(
      "time",
      { datetime: metadata.creationTimestamp, title: metadata.creationTimestamp },
      humanDuration(now - Date.parse(metadata.creationTimestamp)),
    );
  const text = value === undefined || value === null ? "" : String(value);
  const tone = toneOf(column.name, text);
  return tone ? h("span", { class: tone }, text) : text;
}
