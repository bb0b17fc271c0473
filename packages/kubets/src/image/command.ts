/** `kubets image`: images on the nodes of a running cluster, with no registry between: load an archive, build one of a folder, list, remove. */
import { createReadStream } from "node:fs";
import { defineCommand } from "@kubets/machinery/command";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { bool, defineFlags, list, text } from "@kubets/machinery/flags";
import {
  buildImage,
  fullReference,
  listImages,
  loadArchive,
  loadImages,
  removeImage,
  writeArchive,
} from "@kubets/sandbox";
import { clusterFlag } from "../up/options.ts";
import { imageTargets } from "./targets.ts";

const clusterFlags = defineFlags({ cluster: clusterFlag });

const loadCommand = defineCommand({
  name: "load",
  usage: "ARCHIVE...",
  summary: "Load images from archives (of `docker save`, or an OCI layout) into every node",
  examples: ["docker save app:1 -o app.tar && kubets image load app.tar"],
  flags: clusterFlags,
  async run({ values: { cluster }, args, io }) {
    if (args.length === 0)
      throw new ExitError(exitCode.usage, "name the archives to load, as `kubets image load app.tar`");
    const targets = await imageTargets(cluster);
    for (const path of args) {
      const names = await Promise.all(targets.map((target) => loadArchive(target, createReadStream(path))));
      for (const name of names[0] ?? []) io.output(`${name}\n`);
    }
  },
});

const buildCommand = defineCommand({
  name: "build",
  usage: "NAME FOLDER|TAR [flags]",
  summary: "Make an image whose root is a folder or a tar, and load it into every node",
  examples: ["kubets image build app:1 ./root --cmd /bin/app", "kubets image build app:1 ./root --output app.tar"],
  flags: defineFlags({
    cluster: clusterFlag,
    entrypoint: list({ placeholder: "WORD", help: "What the container runs, a word each." }),
    cmd: list({
      placeholder: "WORD",
      help: "The arguments of the entrypoint, or what is run without one, a word each.",
    }),
    env: list({ placeholder: "NAME=VALUE", help: "Variables of its environment." }),
    workdir: text({ placeholder: "PATH", help: "The folder in which it runs." }),
    user: text({ placeholder: "USER", help: "The user as whom it runs, by name or number." }),
    output: text({ short: "o", placeholder: "FILE", help: "Write an archive instead of loading it." }),
  }),
  async run({ values: flags, args: [name, folder, ...more], io }) {
    if (!name || !folder || more.length > 0)
      throw new ExitError(exitCode.usage, "name the image and the folder or tar, as `kubets image build app:1 ./root`");
    const config = {
      ...(flags.entrypoint.length > 0 && { entrypoint: flags.entrypoint }),
      ...(flags.cmd.length > 0 && { cmd: flags.cmd }),
      ...(flags.env.length > 0 && { env: flags.env }),
      ...(flags.workdir && { workingDir: flags.workdir }),
      ...(flags.user && { user: flags.user }),
    };
    await buildImage({ name, from: folder, config }, async (image) => {
      if (flags.output) return writeArchive([image], flags.output);
      const targets = await imageTargets(flags.cluster);
      await Promise.all(targets.map((target) => loadImages(target, [image])));
    });
    io.output(`${fullReference(name)}\n`);
  },
});

const lsCommand = defineCommand({
  name: "ls",
  aliases: ["list"],
  summary: "List the images of every node",
  flags: defineFlags({ cluster: clusterFlag, quiet: bool({ short: "q", help: "Only names." }) }),
  async run({ values: { cluster, quiet }, io }) {
    const targets = await imageTargets(cluster);
    for (const { node, socket } of targets)
      for (const image of await listImages(socket))
        for (const name of image.repoTags)
          io.output(quiet ? `${name}\n` : `${node}\t${name}\t${(Number(image.size) / 1e6).toFixed(1)} MB\n`);
  },
});

const rmCommand = defineCommand({
  name: "rm",
  aliases: ["remove"],
  usage: "NAME...",
  summary: "Remove images from every node",
  flags: clusterFlags,
  async run({ values: { cluster }, args, io }) {
    const targets = await imageTargets(cluster);
    for (const name of args) {
      await Promise.all(targets.map(({ socket }) => removeImage(socket, name)));
      io.output(`${fullReference(name)}\n`);
    }
  },
});

export const imageCommand = defineCommand({
  name: "image",
  summary: "Load, build, list and remove images on the nodes of a cluster",
  subcommands: [loadCommand, buildCommand, lsCommand, rmCommand],
});
