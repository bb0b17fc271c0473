/** Runs the hooks of a container: a command in it, a request to it, or a wait. Rejects with what went wrong. */
import { request as secureRequest } from "node:https";
import type { Container, LifecycleHandler } from "@kubets/api/generated/types/core-v1";
import { type Clock, sleep } from "@kubets/machinery";
import { request } from "@kubets/machinery/node-http";
import type { Dialer } from "../dialer.ts";
import { portOf } from "../probes/attempt.ts";
import type { Runtime } from "../runtime/runtime.ts";

interface HookTools {
  readonly runtime: Runtime;
  readonly dialer: Dialer;
  readonly clock: Clock;
}

interface HookTarget {
  readonly container: Container;
  readonly containerId: string;
  readonly podIP: string;
  /** No longer than this. */
  readonly timeoutMs: number;
}

export async function runHook(handler: LifecycleHandler, target: HookTarget, tools: HookTools): Promise<void> {
  const { exec, httpGet, sleep: pause } = handler;
  if (exec) {
    const { exitCode, stderr } = await tools.runtime.execSync(target.containerId, exec.command ?? [], target.timeoutMs);
    if (exitCode !== 0)
      throw new Error(`command '${(exec.command ?? []).join(" ")}' exited with ${exitCode}: ${stderr.toString()}`);
  } else if (pause) await sleep(tools.clock, Math.min(pause.seconds * 1000, target.timeoutMs));
  else if (httpGet) await httpHook(httpGet, target, tools);
}

async function httpHook(
  action: NonNullable<LifecycleHandler["httpGet"]>,
  target: HookTarget,
  { dialer }: HookTools,
): Promise<void> {
  const { scheme = "HTTP", path = "/", host = target.podIP, httpHeaders = [] } = action;
  const port = action.port === "" ? 80 : portOf(action.port, target.container);
  const signal = AbortSignal.timeout(target.timeoutMs);
  const socket = await dialer.dial(host, port, signal);
  const headers = Object.fromEntries([
    ["user-agent", "kube-lifecycle/"],
    ...httpHeaders.map(({ name, value }) => [name, value]),
  ]);
  const asked = path.startsWith("/") ? path : `/${path}`;
  const options = { method: "GET", host, port, path: asked, headers, signal, insecureHTTPParser: true };
  await new Promise<void>((resolve, reject) => {
    const sent =
      scheme.toUpperCase() === "HTTPS"
        ? secureRequest({ ...options, socket, rejectUnauthorized: false } as never)
        : request({ ...options, createConnection: () => socket } as never);
    sent.once("error", reject);
    sent.once("response", (response) => {
      response.resume();
      response.once("close", resolve);
      if ((response.statusCode ?? 0) >= 400)
        reject(new Error(`the hook was answered with status ${response.statusCode}`));
    });
    sent.end();
  });
}
