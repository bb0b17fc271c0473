/** Carries out a plan of slices, and remembers what was written until the cache shows it. */
import { endpointslices } from "@kubets/api/generated/refs";
import type { EndpointSlice } from "@kubets/api/generated/types/discovery-v1";
import type { Input } from "@kubets/api/meta";
import type { Client } from "@kubets/client";
import { allOf, isNamespaceTerminating, unlessGone } from "../error-text.ts";
import { keyIn } from "../keys.ts";
import type { WrittenSlices } from "./owned-slices.ts";

export interface SliceWrites {
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
  await allOf([
    ...create.map(async (slice) => {
      try {
        written.wrote(service, await client.create(endpointslices, slice));
      } catch (error) {
        if (!isNamespaceTerminating(error)) throw error;
      }
    }),
    ...update.map(async (slice) => written.wrote(service, await client.update(endpointslices, slice))),
    ...remove.map(async (slice) => {
      if (await unlessGone(client.delete(endpointslices, keyIn(slice)))) written.wrote(service, slice, true);
    }),
  ]);
}
