/** Asks a part of the control plane that runs alone on this machine how it does, whoever signed its certificate. */
import { once } from "node:events";
import https from "node:https";

const TIMEOUT_MS = 20_000;

/** Says what is wrong, or undefined. */
export async function probeComponent(port: number): Promise<string | undefined> {
  const url = `https://127.0.0.1:${port}/healthz`;
  try {
    const request = https.get(url, { rejectUnauthorized: false, agent: false, timeout: TIMEOUT_MS });
    // What comes behind the answer is nobody's.
    request.on("error", () => {});
    request.once("timeout", () => request.destroy(new Error("it did not answer in time")));
    const [{ statusCode }] = (await once(request, "response")) as [{ statusCode: number }];
    request.destroy();
    return statusCode >= 200 && statusCode < 400 ? undefined : `HTTP probe failed with statuscode: ${statusCode}`;
  } catch (error) {
    return `Get "${url}": ${(error as Error).message}`;
  }
}
