/**
 * Prints what containers wrote: of one, of all of a pod, of all pods of a selector, once or as it comes.
 * Holds: bytes are passed on as they are; several sources are read together only when followed.
 */
import { isReason } from "@kubets/machinery/status-error";
import { formatTime, parseTime } from "@kubets/machinery/time";
import { asError, throwAll, UsageError } from "../errors.ts";
import { pathOf } from "../resources/mapper.ts";
import { containerNames, containerOf, onePod, podsOf } from "../resources/pods.ts";
import { type Info, infoOf, listInfos } from "../resources/select.ts";
import { LinePrefixer } from "../stream/line-prefixer.ts";
import { defineVerb } from "../verb.ts";
import { bool, containerFlag, duration, int, selectorFlag, text } from "./flags.ts";

interface Source {
  readonly pod: Info;
  readonly container: string;
}

export const logs = defineVerb({
  name: "logs",
  aliases: ["log"],
  summary: "Print what containers wrote",
  usage: "[-f] [-p] (POD | TYPE/NAME) [-c CONTAINER] [flags]",
  examples: [
    "kubectl logs -f deployment/web",
    "kubectl logs web-0 -c sidecar --tail=20",
    "kubectl logs -l app=web --prefix",
  ],
  flags: {
    ...selectorFlag,
    ...containerFlag,
    "all-containers": bool({ help: "Of all containers of the pod." }),
    "all-pods": bool({ help: "Of all pods of the workload; shows where each line is from." }),
    follow: bool({ help: "Go on as more is written.", short: "f" }),
    previous: bool({ help: "Of the container before, if it was restarted.", short: "p" }),
    tail: int({ help: "Lines from the end; -1 for all.", default: -1 }),
    since: duration({ help: "Only what is newer than this: 5s, 2m." }),
    "since-time": text({ help: "Only what is newer than this time (RFC 3339)." }),
    timestamps: bool({ help: "With the time of each line." }),
    "limit-bytes": int({ help: "So many bytes at most." }),
    prefix: bool({ help: "With pod and container in front of each line." }),
    "max-log-requests": int({ help: "How many sources to follow at once.", default: 5 }),
    "ignore-errors": bool({ help: "Go on when a source fails." }),
    "insecure-skip-tls-verify-backend": bool({ help: "Do not verify the kubelet." }),
    "pod-running-timeout": duration({ help: "How long to wait for a pod to run.", default: 20_000 }),
  },
  async run(session, { flags, args, given }) {
    if (flags.since > 0 && flags["since-time"])
      throw new UsageError("at most one of `sinceTime` or `sinceSeconds` may be specified");
    if (args.length === 0 && !flags.selector)
      throw new UsageError(
        "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command\nSee 'kubectl logs -h' for help and examples",
      );
    const api = await session.api();
    const { stdout } = session.machine.streams;
    const found = await sources();
    if (flags.follow && found.length > flags["max-log-requests"])
      throw new UsageError(
        `you are attempting to follow ${found.length} log streams, but maximum allowed concurrency is ${flags["max-log-requests"]}, use --max-log-requests to increase the limit`,
      );
    if (found.length === 0) return session.note(`No resources found in ${api.namespace} namespace.`);
    const failures: Error[] = [];
    const reading = async (source: Source) => {
      try {
        await print(source);
      } catch (error) {
        if (!flags["ignore-errors"]) throw error;
        session.note(`error: ${asError(error).message}`);
      }
    };
    if (flags.follow && found.length > 1) await Promise.all(found.map(reading));
    else for (const source of found) await reading(source);
    throwAll(failures);

    async function sources(): Promise<Source[]> {
      const resource = (await api.mapper()).resource("pods");
      if (flags.selector) {
        if (args.length > 0) throw new UsageError("only a selector (-l) or a POD name is allowed");
        const pods = await listInfos(api, resource, api.namespace, { selector: flags.selector });
        return pods.flatMap((pod) => containersOf(pod));
      }
      const [name = "", container] = args;
      const info = await onePod(api, name, (pods) => {
        if (pods.length > 1 && !flags["all-pods"])
          session.note(`Found ${pods.length} pods, using pod/${pods[0]?.name}`);
      }).catch((error: unknown) => {
        if (!isReason(error, "NotFound")) throw error;
        throw new UsageError(`error from server (NotFound): ${error.message} in namespace "${api.namespace}"`);
      });
      if (!flags["all-pods"]) return containersOf(infoOf(resource, info.object), container);
      return (await siblings(name, info)).flatMap((pod) => containersOf(pod, container));
    }

    /** All pods of the workload that is named; of a pod, itself. */
    async function siblings(written: string, pod: Info): Promise<Info[]> {
      const [type = "", name = ""] = written.split("/");
      const resource = (await api.mapper()).resource(name ? type : "pods");
      if (resource.resource === "pods") return [pod];
      const object = await api.rest.get(pathOf(resource, api.namespace, name), { of: { resource, name } });
      return podsOf(api, infoOf(resource, object));
    }

    function containersOf(pod: Info, named?: string): Source[] {
      if (!flags["all-containers"])
        return [{ pod, container: containerOf(pod.object, named ?? flags.container, (text) => session.note(text)) }];
      const { init, main, ephemeral } = containerNames(pod.object);
      return [...init, ...main, ...ephemeral].map((container) => ({ pod, container }));
    }

    async function print({ pod, container }: Source): Promise<void> {
      const prefix = flags.prefix || flags["all-pods"] ? `[pod/${pod.name}/${container}] ` : "";
      const prefixer = new LinePrefixer(prefix);
      const tail = flags.selector && !given.has("tail") ? 10 : flags.tail;
      const body = await api.rest.stream(pathOf(pod.resource, pod.namespace, pod.name, "log"), {
        query: {
          container,
          follow: flags.follow,
          previous: flags.previous,
          timestamps: flags.timestamps,
          tailLines: tail >= 0 ? String(tail) : undefined,
          sinceSeconds: flags.since > 0 ? Math.max(1, Math.ceil(flags.since / 1000)) : undefined,
          sinceTime: flags["since-time"] && formatTime(parseTime(flags["since-time"])),
          limitBytes: flags["limit-bytes"] || undefined,
          insecureSkipTLSVerifyBackend: flags["insecure-skip-tls-verify-backend"],
        },
      });
      for await (const chunk of body) {
        const text = prefixer.push(Buffer.from(chunk));
        if (!stdout.write(text)) await new Promise<void>((resolve) => stdout.once("drain", resolve));
      }
    }
  },
});
