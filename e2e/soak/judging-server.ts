/** A whole API server over memory in a thread of its own, for the soak of expressions: what it is asked, it answers with a status code, and it watches its own turns. */
import { parentPort } from "node:worker_threads";
import { startTestServer } from "@kubets/apiserver/testing/server";
import type { ApiResponse } from "@kubets/client/transport";
import { Turns } from "./turns.ts";

export interface Asked {
  readonly id: number;
  /** In the words of the summary. */
  readonly what: string;
  readonly method: string;
  readonly path: string;
  readonly object: object | undefined;
}
export interface Answered {
  readonly id: number;
  readonly code: number;
  readonly reason: string;
}
export interface Told {
  readonly summary: string;
  readonly longest: Turns["longest"];
}

const port = parentPort as NonNullable<typeof parentPort>;
const { server } = await startTestServer();
const transport = server.transport({ name: "admin", groups: ["system:masters"] });
const turns = new Turns();

port.on("message", (asked: Asked | "forget" | "tell") => {
  if (asked === "forget") turns.forget();
  else if (asked === "tell")
    setImmediate(() => port.postMessage({ summary: turns.summary(), longest: turns.longest } satisfies Told));
  else void answer(asked);
});

async function answer({ id, what, method, path, object }: Asked): Promise<void> {
  const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
  const response = await turns.during(what, () =>
    transport.request({ method, path, headers: { "content-type": type }, ...(object && { object }) }),
  );
  const status = response.status >= 400 ? await refusal(response) : {};
  const told: Answered = {
    id,
    code: response.status,
    reason: `${status.reason ?? "done"}${response.status >= 500 ? ` ${status.message ?? ""}` : ""}`,
  };
  port.postMessage(told);
}

/** Some are told as text. */
async function refusal({ object, bytes }: ApiResponse): Promise<{ reason?: string; message?: string }> {
  return object
    ? (object() as { reason?: string; message?: string })
    : { reason: Buffer.from(await bytes()).toString() };
}
port.postMessage("ready");
