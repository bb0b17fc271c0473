/**
 * The flags of `kubets kubectl` are those of the real one: names, letters, kinds and defaults, of every command.
 * Holds: the list of what is excused only shrinks: an excuse that is no longer needed fails.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { createKubectlCommand } from "@kubets/kubectl";
import type { Command } from "@kubets/machinery/command";
import { realProgram } from "../real-programs.ts";
import { type RealCommand, type RealFlag, realCommands } from "./real-help.ts";

/** What ours lacks, and why. */
const EXCUSED: readonly string[] = [
  // There is no swap in what nodes report of themselves here, and one encoding of metrics.
  "top node --show-swap",
  "top node --use-protocol-buffers",
  "top pod --show-swap",
  "top pod --use-protocol-buffers",
  // Kustomize runs no other programs here.
  "kustomize --as-current-user",
  "kustomize --enable-alpha-plugins",
  "kustomize --enable-helm",
  "kustomize --env",
  "kustomize --helm-api-versions",
  "kustomize --helm-command",
  "kustomize --helm-debug",
  "kustomize --helm-kube-version",
  "kustomize --load-restrictor",
  "kustomize --mount",
  "kustomize --network",
  "kustomize --network-name",
  // Its default is a folder of the machine; nothing is kept there.
  " --cache-dir",
];

function findKubectl(): { path?: string; why?: string } {
  try {
    const path = realProgram("v35", "kubectl");
    return spawnSync(path, ["version", "--client"]).status === 0 ? { path } : { why: `${path} does not run here` };
  } catch (error) {
    return { why: `there is no real kubectl to compare with: ${(error as Error).message}` };
  }
}

function commandAt(path: string): Command | undefined {
  let command: Command | undefined = createKubectlCommand();
  for (const word of path.split(" ").filter((each) => each !== ""))
    command = command?.subcommands?.find(({ name, aliases }) => name === word || aliases?.includes(word));
  return command;
}

/** What of a real flag ours does not have in the same way. */
function difference(command: Command | undefined, { name, short, value }: RealFlag): string | undefined {
  const own = Object.entries(command?.flags ?? {}).find(
    ([each, { aliases }]) => each === name || aliases?.includes(name),
  )?.[1];
  if (!own) return "is missing";
  if (own.short !== short) return `has the letter ${own.short}, not ${short}`;
  const isBool = value === "true" || value === "false";
  if (isBool !== (own.valueAlone === "true" && own.placeholder === "")) return `takes other values than ${value}`;
  const real = value.replace(/^'(.*)'$/, "$1").replace(/^\[(.*)\]$/, "$1");
  const ours = own.defaultText.startsWith('"') ? (JSON.parse(own.defaultText) as string) : own.defaultText;
  const isNothing = ours === "" && ["false", "0", "0s", ""].includes(real);
  return ours === real || isNothing ? undefined : `is ${ours} unless given, not ${real}`;
}

const { path: real = "", why } = findKubectl();

describe("kubets kubectl has the flags of kubectl", { skip: why }, () => {
  const commands: readonly RealCommand[] = why ? [] : realCommands(real);

  it("in every command", () => {
    assert.ok(commands.length > 90, `only ${commands.length} commands were read`);
    const differences = commands.flatMap(({ path, flags }) => {
      const command = commandAt(path);
      if (!command) return [`${path} is no command`];
      return flags.flatMap((flag) => {
        const found = difference(command, flag);
        return found && !EXCUSED.includes(`${path} --${flag.name}`) ? [`${path} --${flag.name} ${found}`] : [];
      });
    });
    assert.deepEqual(differences, []);
  });

  it("but for those that are excused, all of which are needed", () => {
    const needed = commands.flatMap(({ path, flags }) =>
      flags.filter((flag) => difference(commandAt(path), flag)).map(({ name }) => `${path} --${name}`),
    );
    assert.deepEqual(
      EXCUSED.filter((excuse) => !needed.includes(excuse)),
      [],
    );
  });
});
