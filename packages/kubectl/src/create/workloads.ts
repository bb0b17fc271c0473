/** Generators of what runs containers: deployment, job, cronjob. */
import { UsageError } from "../errors.ts";
import { type JsonObject, objectAt, textAt } from "../json.ts";
import { pathOf } from "../resources/mapper.ts";
import { int, list, text } from "../verbs/flags.ts";
import { commandIn, generator, metadata } from "./generator.ts";

const imageFlag = { image: text({ help: "The image to run.", required: true }) };

export const deployment = generator({
  name: "deployment",
  aliases: ["deploy"],
  summary: "Create a deployment",
  usage: "NAME --image=IMAGE [-- COMMAND ARGS...] [flags]",
  flags: {
    image: list({ help: "Images to run.", required: true }),
    replicas: int({ help: "How many pods.", short: "r", default: 1 }),
    port: int({ help: "The port that the containers expose.", default: -1 }),
  },
  build(name, run) {
    const { image, replicas, port } = run.flags;
    const command = commandIn(run);
    if (image.length > 1 && command.length > 0)
      throw new UsageError("cannot specify multiple --image options and command");
    const labels = { app: name };
    const containers = containerNames(image).map(
      (container, i): JsonObject => ({
        image: image[i] as string,
        name: container,
        ...(command.length > 0 && { command }),
        ...(port >= 0 && i === 0 && { ports: [{ containerPort: port }] }),
        resources: {},
      }),
    );
    return {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: metadata(name, labels),
      spec: {
        replicas,
        selector: { matchLabels: labels },
        strategy: {},
        template: { metadata: { labels }, spec: { containers } },
      },
      status: {},
    };
  },
});

/** After the last part of the image, without tag and digest, made distinct. */
function containerNames(images: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return images.map((image) => {
    const base = (image.split("/").at(-1) ?? image)
      .replace(/[:@].*$/, "")
      .toLowerCase()
      .replaceAll("_", "-");
    const count = seen.get(base) ?? 0;
    seen.set(base, count + 1);
    return count === 0 ? base : `${base}-${count}`;
  });
}

export const job = generator({
  name: "job",
  summary: "Create a job",
  usage: "NAME (--image=IMAGE | --from=cronjob/NAME) [-- COMMAND ARGS...] [flags]",
  flags: { image: text({ help: "The image to run." }), from: text({ help: "The cronjob to make a job of." }) },
  async build(name, run, session) {
    const { image, from } = run.flags;
    if ((image === "") === (from === "")) throw new UsageError("either --image or --from must be specified");
    if (from === "") return jobOf(name, image, commandIn(run));
    const [kind, cronName = ""] = from.split("/");
    const api = await session.api();
    const resource = (await api.mapper()).resource(kind || "cronjob");
    if (resource.resource !== "cronjobs") throw new UsageError(`from must be an existing cronjob`);
    const cron = await api.rest.get(pathOf(resource, api.namespace, cronName), { of: { resource, name: cronName } });
    const template = objectAt(cron, "spec", "jobTemplate");
    return {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: {
        name,
        labels: objectAt(template, "metadata", "labels"),
        annotations: {
          "cronjob.kubernetes.io/instantiate": "manual",
          ...objectAt(template, "metadata", "annotations"),
        },
        ownerReferences: [
          {
            apiVersion: "batch/v1",
            kind: "CronJob",
            name: cronName,
            uid: textAt(cron, "metadata", "uid"),
            controller: true,
          },
        ],
      },
      spec: objectAt(template, "spec"),
    };
  },
});

const podOf = (name: string, image: string, command: readonly string[], restartPolicy: string): JsonObject => ({
  metadata: {},
  spec: {
    containers: [{ ...(command.length > 0 && { command: [...command] }), image, name, resources: {} }],
    restartPolicy,
  },
});

const jobOf = (name: string, image: string, command: readonly string[]): JsonObject => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: metadata(name),
  spec: { template: podOf(name, image, command, "Never") },
  status: {},
});

export const cronjob = generator({
  name: "cronjob",
  aliases: ["cj"],
  summary: "Create a cronjob",
  usage: "NAME --image=IMAGE --schedule='0/5 * * * ?' [-- COMMAND ARGS...] [flags]",
  flags: {
    ...imageFlag,
    schedule: text({ help: "When, in cron's form.", required: true }),
    restart: text({ help: "OnFailure (unless told otherwise) or Never." }),
  },
  build: (name, run) => ({
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: metadata(name),
    spec: {
      jobTemplate: {
        metadata: { name },
        spec: { template: podOf(name, run.flags.image, commandIn(run), run.flags.restart || "OnFailure") },
      },
      schedule: run.flags.schedule,
    },
    status: {},
  }),
});
