/** Clients that ask all the time, on connections that they keep and on new ones, and remember every answer that was not a good one. */
import type { Agent as HttpAgent } from "node:http";
import { Agent, request } from "@kubets/machinery/node-http";

export interface Load {
  readonly answered: number;
  readonly failures: readonly string[];
  /** From which pods answers came. */
  readonly pods: ReadonlySet<string>;
  stop(): Promise<void>;
}

export function startLoad(port: number, host: string, clients: number): Load {
  const failures: string[] = [];
  const pods = new Set<string>();
  let answered = 0;
  let stopping = false;
  const kept = new Agent({ keepAlive: true });

  const ask = (agent: HttpAgent | false) =>
    new Promise<void>((resolve) => {
      const failed = (why: string) => {
        failures.push(why);
        resolve();
      };
      const sent = request({ host: "127.0.0.1", port, path: "/", agent, headers: { host } }, (response) => {
        response.resume();
        response.on("error", (error) => failed(`broken off: ${error.message}`));
        response.on("end", () => {
          if (response.statusCode !== 200) return failed(`status ${response.statusCode}`);
          answered++;
          pods.add(String(response.headers["x-pod"]));
          resolve();
        });
      });
      sent.on("error", (error) => failed(error.message));
      sent.end();
    });
  const client = async (agent: HttpAgent | false) => {
    while (!stopping) await ask(agent);
  };
  const running = Array.from({ length: clients }, (_, i) => client(i % 2 === 0 ? kept : false));
  return {
    get answered() {
      return answered;
    },
    failures,
    pods,
    async stop() {
      stopping = true;
      await Promise.all(running);
      kept.destroy();
    },
  };
}
