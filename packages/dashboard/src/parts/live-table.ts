/** The table of the objects of a kind that belong to what is shown, kept up to date. */
import { type ComponentChild, h } from "preact";
import { asTable, type Row } from "../server/forms.ts";
import { pathOf } from "../server/kinds.ts";
import { useCluster, useFollowed } from "./hooks.ts";
import { Stale } from "./messages.ts";
import { Section } from "./section.ts";
import { plural } from "./sidebar.ts";
import { TableView } from "./table-view.ts";
import { unseen } from "./unseen.ts";

interface LiveTableProps {
  readonly group?: string;
  readonly resource: string;
  /** Of all of them where it is empty. */
  readonly namespace: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Which of those that the server finds. */
  keep?(row: Row): boolean;
}

export function LiveTable(props: LiveTableProps): ComponentChild {
  const { group = "", resource, namespace, labelSelector, fieldSelector, keep } = props;
  const { kinds } = useCluster();
  const kind = kinds.named({ group, resource });
  const question = kind && {
    path: pathOf(kind, namespace),
    ...(labelSelector && { labelSelector }),
    ...(fieldSelector && { fieldSelector }),
  };
  const found = useFollowed(question, asTable);
  if (!kind) return null;
  const { items, columns, phase, failure } = found;
  const rows = keep ? items.filter(keep) : items;
  const title = plural(kind);
  return h(
    Section,
    { title: [title, phase !== "loading" && h("small", { class: "quiet" }, ` ${rows.length}`)] },
    phase === "waiting" && rows.length > 0 && h(Stale, { failure }),
    unseen(found, title) ??
      (rows.length === 0
        ? h("p", { class: "quiet" }, "None.")
        : h(TableView, { kind, rows, columns, showNamespace: kind.namespaced && !namespace })),
  );
}

/** Those whose controller, or one of whose owners, it is. */
export const ownedBy =
  (uid: string | undefined) =>
  ({ object }: Row): boolean =>
    object.metadata.ownerReferences?.some((owner) => owner.uid === uid) ?? false;
