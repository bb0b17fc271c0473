/**
 * A table that the server made: any kind, with the columns that `kubectl get` shows. Ages go on; every row leads to its object.
 * Holds: however many rows there are, of a long table only those are in the page that are in sight, and some around them.
 */
import { humanDuration } from "@kubets/machinery/duration";
import { type ComponentChild, h } from "preact";
import { useMemo, useState } from "preact/hooks";
import { objectAddress } from "../route.ts";
import type { Column, Row } from "../server/forms.ts";
import type { Kind } from "../server/kinds.ts";
import { useNow } from "./hooks.ts";
import { DRAWN_WHOLE, useRowsInSight } from "./rows-in-sight.ts";
import { matching, type Order, OrderedRows } from "./table-rows.ts";
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

/** Cells of long tables are cut off; this long they may be. */
const LONG = 40;

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
  const now = useNow();
  const shownColumns = columns.flatMap((column, at) => (wide || !column.priority ? [{ column, at }] : []));
  // Each answer brings columns of its own, which are the same ones.
  const names = columns.map(({ name }) => name).join("\n");
  const ordered = useMemo(() => new OrderedRows(columns, order), [names, order]);
  const all = useMemo(() => ordered.inOrder(rows), [ordered, rows]);
  const found = useMemo(() => all.filter(matching(filter)), [all, filter]);
  const { body, from, to, rowHeight } = useRowsInSight(found.length);
  const isLong = found.length > DRAWN_WHOLE;
  const isAllSelected = found.length > 0 && found.every((row) => selected?.has(uidOf(row)));

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
    { class: isLong ? "table long" : "table" },
    h(
      "table",
      // The row of the titles is counted, too.
      { "aria-rowcount": found.length + 1 },
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          onSelect && h("th", { class: "box-cell" }, box("Select all", found.map(uidOf), isAllSelected)),
          showNamespace && heading("Namespace"),
          shownColumns.map(({ column }) => heading(column.name, column.description)),
        ),
      ),
      isLong && h(Widest, { rows: all, columns: shownColumns, withBox: Boolean(onSelect), showNamespace }),
      h(
        "tbody",
        { ref: body },
        place("before", from * rowHeight),
        found.slice(from, to).map((row, at) => {
          const { metadata } = row.object;
          return h(
            "tr",
            {
              key: uidOf(row),
              class: metadata.deletionTimestamp ? "going" : undefined,
              "aria-rowindex": from + at + 2,
            },
            onSelect &&
              h(
                "td",
                { class: "box-cell" },
                box(`Select ${metadata.name}`, [uidOf(row)], selected?.has(uidOf(row)) ?? false),
              ),
            showNamespace && h("td", null, metadata.namespace),
            shownColumns.map(({ column, at: cellAt }) => {
              const value = row.cells[cellAt];
              const title = isLong && String(value).length > LONG ? String(value) : undefined;
              return h("td", { key: column.name, title }, cell(kind, row, column, value, now));
            }),
          );
        }),
        place("behind", (found.length - to) * rowHeight),
      ),
    ),
  );
}

/** In the place of rows that are not drawn. */
const place = (key: string, height: number): ComponentChild =>
  height > 0 && h("tr", { key, "aria-hidden": "true", style: { height: `${height}px` } });

interface WidestProps {
  readonly rows: readonly Row[];
  readonly columns: readonly { readonly column: Column; readonly at: number }[];
  readonly withBox: boolean;
  readonly showNamespace: boolean;
}

/** The longest text of each column, unseen, so that columns keep their width whichever rows are drawn. */
function Widest({ rows, columns, withBox, showNamespace }: WidestProps): ComponentChild {
  const texts = useMemo(
    () => [
      ...(showNamespace ? [longest(rows, ({ object }) => object.metadata.namespace)] : []),
      ...columns.map(({ at }) => longest(rows, ({ cells }) => cells[at])),
    ],
    [rows, columns.length, showNamespace],
  );
  return h(
    "tbody",
    { class: "widest", "aria-hidden": "true" },
    h(
      "tr",
      null,
      withBox && h("td", null),
      texts.map((text, at) => h("td", { key: at }, text)),
    ),
  );
}

function longest(rows: readonly Row[], cellOf: (row: Row) => unknown): string {
  let found = "";
  for (const row of rows) {
    const text = String(cellOf(row) ?? "");
    if (text.length > found.length) found = text;
  }
  return found;
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
