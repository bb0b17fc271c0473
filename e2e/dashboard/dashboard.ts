/**
 * The dashboard as somebody uses it: a cluster, `kubets dashboard` before it, and a browser in which things are looked for, clicked and filled
 * in by the words that stand on them. What an open dialog hides cannot be clicked; all of it ends together, also when a test fails.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Browser, type Page, whyNoBrowser } from "../browser.ts";
import { eventually, type TestCluster, upCluster, whyNoContainers } from "../cluster.ts";

const MAIN = join(import.meta.dirname, "../../packages/kubets/src/main.ts");

/** Why the dashboard cannot be tried here with real containers, or false. */
export const whyNoDashboard = (): string | false => whyNoContainers() ?? whyNoBrowser() ?? false;

export interface OpenDashboard {
  readonly cluster: TestCluster;
  /** A page of its own, at an address as `#/pods.v1`. */
  open(address?: string): Promise<User>;
  close(): Promise<void>;
}

export async function openDashboard(options: Parameters<typeof upCluster>[0]): Promise<OpenDashboard> {
  const cluster = upCluster(options);
  let server: ChildProcess | undefined;
  let browser: Browser | undefined;
  const close = async () => {
    try {
      await browser?.close();
      if (server && server.exitCode === null) {
        const ended = once(server, "exit");
        server.kill();
        await ended;
      }
    } finally {
      cluster.down();
    }
  };
  try {
    const args = ["--disable-warning=ExperimentalWarning", MAIN, "dashboard", "--port", "0"];
    server = spawn(process.execPath, [...args, "--kubeconfig", cluster.kubeconfig], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const url = await urlFrom(server);
    const opened = new Browser(["dashboard.test"]);
    browser = opened;
    return {
      cluster,
      open: async (address = "") => {
        const user = new User(await opened.open(url));
        await user.sees("Overview");
        if (address) await user.goes(address);
        return user;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function urlFrom(server: ChildProcess): Promise<string> {
  if (!server.stdout) throw new Error("the dashboard has no output");
  for await (const line of createInterface({ input: server.stdout })) {
    const url = /http:\S+#key=\S+/.exec(line)?.[0];
    if (url) return url;
  }
  throw new Error("the dashboard ended before it said its address");
}

/** What can be clicked. */
const CONTROLS = "button, a, summary, label, [role=tab], [role=button], input[type=checkbox]";

/** In the page: what is seen of it now, which is an open dialog alone where there is one. */
const IN_PAGE = `
  const place = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body;
  const said = (element) => (element.getAttribute("aria-label") ?? element.innerText ?? "").trim();
  const fits = (text, words) => (words instanceof RegExp ? words.test(text) : text === words || text === words + " …");
  const seen = (element) => element.getClientRects().length > 0;
  const labelled = (words) => [...place.querySelectorAll("input, select, textarea")].find((field) =>
    seen(field) && [field.getAttribute("aria-label"), ...[...(field.labels ?? [])].map((label) => label.firstChild?.textContent ?? ""),
      ...[...(field.labels ?? [])].map((label) => label.innerText)].some((text) => text?.trim() === words));
`;

export class User {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** To another page of the dashboard. */
  async goes(address: string): Promise<void> {
    await this.page.evaluate(`void (location.hash = ${JSON.stringify(address)})`);
  }

  /** Waits for the control that has these words, and clicks it. */
  clicks(words: string | RegExp): Promise<void> {
    return this.#clicks(words, "");
  }

  /** Clicks in a dialog, once it is open. */
  answers(words: string | RegExp): Promise<void> {
    return this.#clicks(words, "if (place === document.body) return false;");
  }

  async #clicks(words: string | RegExp, before: string): Promise<void> {
    const wanted = words instanceof RegExp ? String(words) : JSON.stringify(words);
    await this.#until(
      `something that can be clicked and says ${wanted}`,
      `${before}
       const found = [...place.querySelectorAll(${JSON.stringify(CONTROLS)})].find((element) => seen(element) && !element.disabled && fits(said(element), ${wanted}));
       found?.click();
       return Boolean(found);`,
    );
  }

  /** Writes into the field with this label, instead of what stands in it. */
  async fills(label: string, text: string): Promise<void> {
    await this.#until(
      `a field "${label}"`,
      `const field = labelled(${JSON.stringify(label)}); field?.focus(); field?.select(); return Boolean(field);`,
    );
    await this.page.type(text);
  }

  /** Of a list of choices, by its text. */
  async chooses(label: string, option: string): Promise<void> {
    await this.#until(
      `a choice "${option}" of "${label}"`,
      `const field = labelled(${JSON.stringify(label)});
       const option = [...(field?.options ?? [])].find(({ text }) => text.trim() === ${JSON.stringify(option)});
       if (!option) return false;
       field.value = option.value;
       field.dispatchEvent(new Event("change", { bubbles: true }));
       return true;`,
    );
  }

  /** Waits until the page shows the text. */
  async sees(text: string | RegExp, timeoutMs?: number): Promise<void> {
    const holds = (shown: string) => (typeof text === "string" ? shown.includes(text) : text.test(shown));
    let shown = "";
    try {
      await eventually(`${text}`, async () => holds((shown = await this.shown())), timeoutMs);
    } catch (error) {
      throw new Error(`the page does not show ${text}, but:\n${shown}`, { cause: error });
    }
  }

  async seesNoMore(text: string): Promise<void> {
    await eventually(`no "${text}" on the page`, async () => !(await this.shown()).includes(text));
  }

  /** All text that is on the page now, and in its fields. */
  async shown(): Promise<string> {
    const fields = "...[...document.querySelectorAll('input, textarea')].map(({ value }) => value)";
    return String(await this.page.evaluate(`[document.body.innerText, ${fields}].join("\\n")`));
  }

  async #until(what: string, body: string): Promise<void> {
    try {
      await eventually(what, () => this.page.evaluate(`(() => { ${IN_PAGE} ${body} })()`) as Promise<boolean>);
    } catch (error) {
      throw new Error(`the page has no ${what}:\n${await this.shown()}`, { cause: error });
    }
  }
}
