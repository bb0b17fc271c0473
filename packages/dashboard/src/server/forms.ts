/** In which form objects are asked for: as they are, or as the rows of a table that the server makes of them. */
import type { KubeObject, ObjectMeta } from "./object.ts";

/** How lists and events of one form are asked for and read. */
export interface Form<T> {
  readonly accept: string;
  /** Of the answer to a list, or the object of an event, by uid. */
  items(body: unknown): readonly (readonly [uid: string, item: T])[];
  columns(body: unknown): readonly Column[] | undefined;
}

export interface Column {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly description?: string;
  /** Those above 0 are left out of narrow tables. */
  readonly priority?: number;
}

export interface Row {
  readonly cells: readonly unknown[];
  readonly object: { readonly metadata: ObjectMeta };
}

interface Table {
  readonly columnDefinitions?: readonly Column[];
  readonly rows?: readonly Row[] | null;
}

export const asTable: Form<Row> = {
  accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
  items: (body) => ((body as Table).rows ?? []).map((row) => [row.object.metadata.uid ?? "", briefRow(row)] as const),
  columns: (body) => (body as Table).columnDefinitions ?? undefined,
};

/** The server sends all of the metadata, of which managed fields alone are more than a row shows. */
function briefRow({ cells, object: { metadata } }: Row): Row {
  const { uid, namespace, name, creationTimestamp, deletionTimestamp, ownerReferences } = metadata;
  const kept = { uid, namespace, name, creationTimestamp, deletionTimestamp, ownerReferences };
  return { cells, object: { metadata: kept as ObjectMeta } };
}

const plain: Form<KubeObject> = {
  accept: "application/json",
  items(body) {
    const { items } = body as { readonly items?: readonly KubeObject[] };
    return (items ?? [body as KubeObject]).map((object) => [object.metadata.uid ?? "", object] as const);
  },
  columns: () => undefined,
};

/** Objects as they are; the caller knows of which kind. */
export const asObjects = <T extends KubeObject = KubeObject>(): Form<T> => plain as unknown as Form<T>;

/** Objects of which no more is kept than what is told here: for lists that may be long. */
export const asBriefs = <T extends KubeObject, B>(brief: (object: T) => B): Form<B> => ({
  ...plain,
  items: (body) => plain.items(body).map(([uid, object]) => [uid, brief(object as T)] as const),
});
