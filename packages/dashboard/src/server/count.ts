/** How many objects there are, for the price of one: the server tells how many there are besides. */
import type { Server } from "./server.ts";

interface FirstOfList {
  readonly items?: readonly unknown[];
  readonly metadata?: { readonly continue?: string; readonly remainingItemCount?: number };
}

/** Undefined where the server does not tell. */
export async function countAt(server: Server, path: string, signal: AbortSignal): Promise<number | undefined> {
  return countOf(await server.json<FirstOfList>(`${path}?limit=1`, { signal }));
}

export function countOf({ items = [], metadata = {} }: FirstOfList): number | undefined {
  const rest = metadata.continue ? metadata.remainingItemCount : 0;
  return rest === undefined ? undefined : items.length + rest;
}
