/** The versions of this program and of the server. */
import { jsonText } from "@kubets/machinery/json-text";
import { programVersion } from "@kubets/machinery/release";
import { toYaml } from "@kubets/machinery/yaml";
import { UsageError } from "../errors.ts";
import { type JsonObject, textAt } from "../json.ts";
import { defineVerb } from "../verb.ts";
import { bool, text } from "./flags.ts";

const CLIENT: JsonObject = {
  ...programVersion,
  platform: `${process.platform}/${process.arch}`,
};

export const version = defineVerb({
  name: "version",
  summary: "Show the versions of client and server",
  flags: { client: bool({ help: "Ask no server." }), output: text({ help: "yaml or json.", short: "o" }) },
  async run(session, { flags }) {
    if (!["", "yaml", "json"].includes(flags.output)) throw new UsageError(`--output must be 'yaml' or 'json'`);
    const server = flags.client ? undefined : await session.api().then((api) => api.rest.get("/version"));
    if (flags.output) {
      const all = { clientVersion: CLIENT, ...(server && { serverVersion: server }) };
      return session.io.output(flags.output === "json" ? `${jsonText(all, 2)}\n` : toYaml(all));
    }
    session.line(`Client Version: ${textAt(CLIENT, "gitVersion")}`);
    if (server) session.line(`Server Version: ${textAt(server, "gitVersion")}`);
  },
});
