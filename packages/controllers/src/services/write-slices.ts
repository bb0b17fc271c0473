/**
 * Carries out a plan of slices, and remembers what was written until the cache shows it.
 * Holds: one write after the other, so that a hundred slices of one service do not come over the server at once; all are tried, then the first error
 * is thrown.
 */
import { endpointslices } from "@kubets/api/generated/refs";
import type { EndpointSlice } from "@kubets/api/generated/types/discovery-v1";
import type { Input } from "@kubets/api/meta";
import type { Client } from "@kubets/client";
import { Breaks } from "@kubets/machinery/short-stretches";
import { isNamespaceTerminating, unlessGone } from "../error-text.ts";
import { keyIn } from "../keys.ts";
import type { WrittenSlices } from "./owned-slices.ts";

interface SliceWrites {
  readonly create: readonly Input<EndpointSlice>[];
  readonly update: readonly EndpointSlice[];
  readonly remove: readonly EndpointSlice[];
}

export async function writeSlices(
  client: Client,
  written: WrittenSlices,
  service: string,
  { create, update, remove }: SliceWrites,
): Promise<void> {
  let failure: unknown;
  const breaks = new Breaks();
  const each = async <T>(slices: readonly T[], write: (slice: T) => Promise<unknown>) => {
    for (const slice of slices) {
      await write(slice).catch((error: unknown) => (failure ??= error));
      if (slices.length > 1) await breaks.due();
    }
  };
  await each(create, async (slice) => {
    try {
      written.wrote(service, await client.create(endpointslices, slice));
    } catch (error) {
      if (!isNamespaceTerminating(error)) throw error;
    }
  });
  await each(update, async (slice) => written.wrote(service, await client.update(endpointslices, slice)));
  await each(remove, async (slice) => {
    if (await unlessGone(client.delete(endpointslices, keyIn(slice)))) written.wrote(service, slice, true);
  });
  if (failure !== undefined) throw failure;
}
