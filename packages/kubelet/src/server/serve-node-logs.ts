/** `/logs/`: the machine's folder of logs and, where the configuration allows it, the lines of its services. Those that are not in the journal may have a file. */
import { fieldErrorText, invalidValue } from "@kubets/machinery/field-error";
import { type Exchange, Frame } from "@kubets/wire/http";
import type { Exec } from "../exec.ts";
import type { Kubelet } from "../kubelet.ts";
import { Refused, text } from "./answers.ts";
import { checkQuery, journalCommand, type NodeLogQuery, readQuery } from "./node-log-query.ts";
import { nodeLog } from "./node-logs.ts";

const FOLDER = "/var/log";
const PATIENCE_MS = 30_000;

export async function serveNodeLogs(
  exchange: Exchange,
  kubelet: Kubelet,
  path: string,
  params: URLSearchParams,
): Promise<void> {
  const { enableSystemLogHandler, enableSystemLogQuery } = kubelet.config.file;
  if (!enableSystemLogHandler) throw new Refused(405, "logs endpoint is disabled.");
  const query = enableSystemLogQuery ? asked(params) : undefined;
  if (query && path) throw new Refused(406, "path not allowed in query mode");
  const wrong = query && checkQuery(query);
  if (wrong) throw new Refused(406, wrong);
  if (query && query.services.length > 0) return await serveServices(exchange, kubelet, query);
  // The first of the files is the only one.
  const file = query?.files[0]?.replaceAll("\\", "/") ?? path;
  const found = await nodeLog(kubelet.tools.disk, FOLDER, file);
  if (!found) {
    if (!query) throw new Refused(404, "404 page not found");
    const why = `stat ${FOLDER}/${file.replace(/^\/+/, "")}: no such file or directory`;
    throw new Refused(406, fieldErrorText(invalidValue("query", query.files, why)));
  }
  if ("page" in found) text(exchange, found.page, "text/html; charset=utf-8");
  else text(exchange, found.file);
}

function asked(params: URLSearchParams): NodeLogQuery | undefined {
  try {
    return readQuery(params);
  } catch (error) {
    throw new Refused(400, (error as Error).message);
  }
}

async function serveServices(exchange: Exchange, { exec, tools }: Kubelet, query: NodeLogQuery): Promise<void> {
  const { services, files: _, ...options } = query;
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const units = await exec?.run(["journalctl", "--field", "_SYSTEMD_UNIT"], { signal }).catch(() => undefined);
  const known = new Set(units?.stdout.toString().split("\n"));
  const inJournal = services.filter((service) => known.has(`${service}.service`));
  const inFiles = services.filter((service) => !inJournal.includes(service));
  const sink = exchange.stream(200, ["content-type", "text/plain;charset=UTF-8"]);
  const write = (chunk: string | Buffer) => sink.write(new Frame(Buffer.from(chunk)));
  // What it has to complain of is among its lines.
  if (inJournal.length > 0)
    await (exec as Exec).run(journalCommand(query, inJournal), { signal, output: write }).catch(() => {});
  if (inFiles.length > 0 && Object.keys(options).length > 0)
    write(
      `\noptions present and query resolved to log files for [${inFiles.join(" ")}]\ntry without specifying options\n`,
    );
  else for (const service of inFiles) write((await fileOf(service, tools.disk)) ?? `\nlog not found for ${service}\n`);
  sink.end();
}

async function fileOf(service: string, disk: Kubelet["tools"]["disk"]): Promise<Buffer | undefined> {
  for (const name of [service, `${service}.log`, `${service}/${service}.log`]) {
    const found = await nodeLog(disk, FOLDER, name);
    if (found && "file" in found) return found.file;
  }
  return undefined;
}
