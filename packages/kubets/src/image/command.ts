/** `kubets image`: the images on the nodes of a cluster on this machine. What is loaded is loaded on every node, unless one is named. */
import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import { type Command, type CommandIo, defineCommand } from "@kubets/machinery/command";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { defineFlags, file, list, text } from "@kubets/machinery/flags";
import {
  buildImage,
  clusterPlace,
  type ImageTarget,
  listImages,
  loadArchive,
  loadImages,
  nodeImages,
  removeImage,
  writeArchive,
} from "@kubets/sandbox";
import { clusterHome } from "../cluster/home.ts";
import { clusterFlag } from "../up/options.ts";
import { readRunning } from "../up/running.ts";
import { imageTable } from "./table.ts";

const where = {
  cluster: clusterFlag,
  node: text({ placeholder: "NAME", help: "Only this node (all of them by default)." }),
};
type Where = { readonly cluster: string; readonly node: string };

/** The nodes that are meant, by name. */
async function targets({ cluster, node }: Where): Promise<[string, ImageTarget][]> {
  const home = clusterHome(cluster);
  const running = readRunning(home);
  if (!running || running.simulated)
    throw new ExitError(
      exitCode.failure,
      running
        ? `the nodes of the cluster ${cluster} are simulated: they hold no images`
        : `the cluster ${cluster} does not run; start it with kubets up`,
    );
  if (node && !running.nodes.includes(node))
    throw new ExitError(
      exitCode.usage,
      `the cluster ${cluster} has no node ${JSON.stringify(node)}; its nodes are ${running.nodes.join(", ")}`,
    );
  const place = clusterPlace(home.name, home.folder);
  const names = node ? [node] : running.nodes;
  return await Promise.all(names.map(async (name) => [name, await nodeImages(place, name)] as [string, ImageTarget]));
}

/** One node after the other; says what each one got. */
async function onEach(flags: Where, io: CommandIo, work: (target: ImageTarget) => Promise<string[]>): Promise<void> {
  for (const [node, target] of await targets(flags))
    for (const name of await work(target)) io.output(`${node}: ${name}\n`);
}

const wants = (args: readonly string[], what: string): readonly string[] => {
  if (args.length === 0) throw new ExitError(exitCode.usage, `${what} is wanted`);
  return args;
};

const load = defineCommand({
  name: "load",
  summary: "Load images from archives (OCI layout or docker save)",
  usage: "FILE... [flags]",
  examples: ["kubets image load web.tar", "docker save web:1 | kubets image load /dev/stdin --node node-1"],
  flags: defineFlags(where),
  async run({ values, args, io }) {
    for (const archive of wants(args, "the file of an archive"))
      await onEach(values, io, (target) => loadArchive(target, createReadStream(archive)));
  },
});

const ls = defineCommand({
  name: "ls",
  aliases: ["list"],
  summary: "List the images of the nodes",
  examples: ["kubets image ls"],
  flags: defineFlags(where),
  async run({ values, io }) {
    const found = await Promise.all(
      (await targets(values)).map(async ([node, { socket }]) => ({ node, images: await listImages(socket) })),
    );
    io.output(imageTable(found));
  },
});

const rm = defineCommand({
  name: "rm",
  aliases: ["remove"],
  summary: "Remove images from the nodes",
  usage: "NAME... [flags]",
  examples: ["kubets image rm web:1"],
  flags: defineFlags(where),
  async run({ values, args, io }) {
    for (const name of wants(args, "the name of an image"))
      await onEach(values, io, async ({ socket }) => {
        await removeImage(socket, name);
        return [`${name} removed`];
      });
  },
});

const build = defineCommand({
  name: "build",
  summary: "Make an image of a folder or a tar, and load it",
  usage: "FOLDER|TAR [flags]",
  examples: [
    "kubets image build ./root --tag web:1 --cmd /bin/server",
    "kubets image build root.tar -t tool:1 -o tool.tar",
  ],
  flags: defineFlags({
    ...where,
    tag: text({ short: "t", required: true, placeholder: "NAME:TAG", help: "The image's name." }),
    entrypoint: list({ placeholder: "WORD", help: "What always runs, word by word." }),
    cmd: list({ placeholder: "WORD", help: "What runs when a container names no arguments, word by word." }),
    env: list({ placeholder: "NAME=VALUE", help: "Its environment." }),
    workdir: text({ placeholder: "FOLDER", help: "Where it runs." }),
    user: text({ placeholder: "USER", help: "Who it runs as." }),
    output: file({ short: "o", help: "Write an archive here instead of loading it." }),
  }),
  async run({ values, args, io }) {
    const [from = ""] = wants(args, "a folder or a tar");
    const { tag, entrypoint, cmd, env, workdir, user, output } = values;
    const config = {
      ...(entrypoint.length > 0 && { entrypoint }),
      ...(cmd.length > 0 && { cmd }),
      ...(env.length > 0 && { env }),
      ...(workdir && { workingDir: workdir }),
      ...(user && { user }),
    };
    await buildImage({ name: tag, from: resolve(from), config }, async (image) => {
      if (output) await writeArchive([image], output);
      else await onEach(values, io, (target) => loadImages(target, [image]));
    });
  },
});

export const imageCommand: Command = defineCommand({
  name: "image",
  summary: "Load, list, remove and build images of a cluster's nodes",
  subcommands: [load, ls, rm, build],
});
