/**
 * Lists of the runtime that come piece by piece, where it can do that: a whole list may be larger than a message may be.
 * Holds: what broke off is no list; a runtime that cannot do it is asked for the whole, and is not asked for the pieces again.
 */
import { type CallOptions, type GrpcClient, isGrpcError } from "@kubets/wire/grpc";
import type { Init, Method } from "@kubets/wire/proto";

interface ListCall<Q, R, T> {
  readonly client: GrpcClient;
  readonly pieces: Method<Q, R, "server">;
  readonly request: Init<Q>;
  itemsOf(piece: R): readonly T[];
  whole(): Promise<readonly T[]>;
}

export type Lister = <Q, R, T>(call: ListCall<Q, R, T>) => Promise<readonly T[]>;

export const wholeLists: Lister = ({ whole }) => whole();

export function listsInPieces(options: CallOptions): Lister {
  const missing = new Set<string>();
  return async ({ client, pieces, request, itemsOf, whole }) => {
    if (missing.has(pieces.path)) return await whole();
    try {
      const found = [];
      for await (const piece of client.serverStream(pieces, request, options)) found.push(itemsOf(piece));
      return found.flat();
    } catch (error) {
      if (!isGrpcError(error, "UNIMPLEMENTED")) throw error;
      missing.add(pieces.path);
      return await whole();
    }
  };
}
