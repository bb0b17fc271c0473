import assert from "node:assert/strict";
import { test } from "node:test";
import { ImageService } from "@kubets/wire/generated/cri";
import { type GrpcClient, type GrpcCode, GrpcError } from "@kubets/wire/grpc";
import { listsInPieces } from "./lists.ts";

/** A runtime that gives these pieces, and then fails. */
function failing(code: GrpcCode, pieces: readonly object[] = []) {
  const asked: string[] = [];
  const client = {
    async *serverStream() {
      asked.push("pieces");
      yield* pieces;
      throw new GrpcError(code, "no");
    },
  } as unknown as GrpcClient;
  const whole = async () => {
    asked.push("whole");
    return [];
  };
  return { asked, call: { client, pieces: ImageService.streamImages, request: {}, itemsOf: () => [], whole } };
}

test("a runtime that has no pieces is asked for them once", async () => {
  const { asked, call } = failing("UNIMPLEMENTED");
  const list = listsInPieces({});
  for (let again = 0; again < 2; again++) await list(call);
  assert.deepEqual(asked, ["pieces", "whole", "whole"]);
});

test("what broke off is no list", async () => {
  const { asked, call } = failing("UNAVAILABLE", [{ images: [] }]);
  await assert.rejects(listsInPieces({})(call), { code: "UNAVAILABLE" });
  assert.deepEqual(asked, ["pieces"]);
});
