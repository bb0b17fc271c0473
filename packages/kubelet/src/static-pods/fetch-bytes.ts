/** One GET of a URL, to its end. Rejects when it is not answered with 200, and with what is larger than any manifest. */
import { get as getSecure } from "node:https";
import { get as getPlain } from "@kubets/machinery/node-http";
import type { Fetch } from "./static-pods.ts";

const PATIENCE_MS = 10_000;
const LARGEST = 10 * 1024 * 1024;

export const fetchBytes: Fetch = (url, headers) =>
  new Promise((resolve, reject) => {
    const get = url.startsWith("https:") ? getSecure : getPlain;
    const sent = get(url, { headers, signal: AbortSignal.timeout(PATIENCE_MS) }, (answer) => {
      if (answer.statusCode !== 200) {
        answer.resume();
        return reject(new Error(`${url} was answered with ${answer.statusCode}`));
      }
      const chunks: Buffer[] = [];
      let size = 0;
      answer.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > LARGEST) sent.destroy(new Error(`${url} gives more than ${LARGEST} bytes`));
        chunks.push(chunk);
      });
      answer.once("error", reject).once("end", () => resolve(Buffer.concat(chunks)));
    });
    sent.once("error", reject);
  });
