/** A real browser (Debian's Chromium, headless), spoken to by its own protocol over a pipe: opens a page and says what it finds in it. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

/** Why there is none, or undefined. */
export const whyNoBrowser = (): string | undefined =>
  spawnSync("chromium", ["--version"]).status === 0 ? undefined : "chromium is not installed";

interface Reply {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

export interface Page {
  /** Runs an expression in the page, and waits for its promise. */
  evaluate(expression: string): Promise<unknown>;
  /** Into what has the focus. */
  type(text: string): Promise<void>;
  press(key: keyof typeof KEY_CODES): Promise<void>;
  /** A PNG. */
  screenshot(): Promise<Buffer>;
}

const KEY_CODES = {
  Enter: { windowsVirtualKeyCode: 13 },
  Escape: { windowsVirtualKeyCode: 27 },
  Tab: { windowsVirtualKeyCode: 9 },
} as const;

export class Browser {
  readonly #process: ChildProcess;
  readonly #profile: string;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #next = 1;

  /** `hosts`: names that lead to this machine. */
  constructor(hosts: readonly string[]) {
    this.#profile = mkdtempSync(join(tmpdir(), "kubets-browser-"));
    this.#process = spawn(
      "chromium",
      [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--window-size=1280,900",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--ignore-certificate-errors",
        `--user-data-dir=${this.#profile}`,
        `--host-resolver-rules=${hosts.map((host) => `MAP ${host} 127.0.0.1`).join(",")},EXCLUDE 127.0.0.1`,
        "--remote-debugging-pipe",
      ],
      { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] },
    );
    let text = "";
    (this.#process.stdio[4] as Readable).on("data", (chunk: Buffer) => {
      const messages = (text + chunk.toString()).split("\0");
      text = messages.pop() ?? "";
      for (const message of messages) {
        const reply = JSON.parse(message) as Reply;
        this.#waiting.get(reply.id ?? 0)?.(reply);
      }
    });
  }

  /** Opens an address in a page of its own. */
  async open(url: string): Promise<Page> {
    const { targetId } = (await this.#ask("Target.createTarget", { url: "about:blank" })) as { targetId: string };
    const { sessionId } = (await this.#ask("Target.attachToTarget", { targetId, flatten: true })) as {
      sessionId: string;
    };
    const { errorText } = (await this.#ask("Page.navigate", { url }, sessionId)) as { errorText?: string };
    if (errorText) throw new Error(`${url}: ${errorText}`);
    return {
      screenshot: async () => {
        const { data } = (await this.#ask("Page.captureScreenshot", {}, sessionId)) as { data: string };
        return Buffer.from(data, "base64");
      },
      type: async (text) => void (await this.#ask("Input.insertText", { text }, sessionId)),
      press: async (key) => {
        const typed = key === "Enter" ? { text: "\r" } : {};
        for (const type of ["keyDown", "keyUp"])
          await this.#ask("Input.dispatchKeyEvent", { type, key, code: key, ...KEY_CODES[key], ...typed }, sessionId);
      },
      evaluate: async (expression) => {
        const asked = { expression, awaitPromise: true, returnByValue: true };
        const answer = (await this.#ask("Runtime.evaluate", asked, sessionId)) as {
          result: { value?: unknown; description?: string };
          exceptionDetails?: { text: string };
        };
        if (answer.exceptionDetails)
          throw new Error(`${answer.exceptionDetails.text} ${answer.result.description ?? ""}`);
        return answer.result.value;
      },
    };
  }

  async close(): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.kill();
    await ended;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }

  #ask(method: string, params: object, sessionId?: string): Promise<unknown> {
    const id = this.#next++;
    const message = JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) });
    (this.#process.stdio[3] as Writable).write(`${message}\0`);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }) => {
        this.#waiting.delete(id);
        if (error) reject(new Error(`${method}: ${error.message}`));
        else resolve(result);
      });
    });
  }
}
