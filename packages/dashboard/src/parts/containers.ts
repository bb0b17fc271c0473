/** The containers of a pod, those of its beginning first: what they are, how they are, what they may take and do take. */
import type { Container, ContainerStatus, EphemeralContainer, Pod } from "@kubets/api/generated/types/core-v1";
import { type ComponentChild, h } from "preact";
import { amountOf, listText, showBytes, showCpu } from "../reckoning/amounts.ts";
import { type StateWords, stateWords } from "../reckoning/container-state.ts";
import { Age } from "./age.ts";
import { AmountMeter } from "./amount-meter.ts";
import { Facts } from "./facts.ts";
import { Fold } from "./fold.ts";
import { Grid } from "./grid.ts";
import type { PodMetrics } from "./polled.ts";
import { Section } from "./section.ts";

interface ContainersProps {
  readonly pod: Pod;
  readonly metrics: PodMetrics | undefined;
}

export function Containers({ pod: { spec, status }, metrics }: ContainersProps): ComponentChild {
  const groups = [
    ["Init containers", spec.initContainers, status.initContainerStatuses],
    ["Containers", spec.containers, status.containerStatuses],
    ["Ephemeral containers", spec.ephemeralContainers, status.ephemeralContainerStatuses],
  ] as const;
  return groups.map(
    ([title, containers = [], statuses]) =>
      containers.length > 0 &&
      h(
        Section,
        { key: title, title },
        containers.map((container) =>
          h(ContainerFacts, {
            key: container.name,
            container,
            status: statuses?.find(({ name }) => name === container.name),
            usage: metrics?.containers.find(({ name }) => name === container.name)?.usage,
          }),
        ),
      ),
  );
}

interface ContainerFactsProps {
  readonly container: Container | EphemeralContainer;
  readonly status: ContainerStatus | undefined;
  readonly usage: Readonly<Record<string, string>> | undefined;
}

function ContainerFacts({ container, status, usage }: ContainerFactsProps): ComponentChild {
  const { name, image, ports = [], resources, command = [], args = [], volumeMounts = [] } = container;
  const state = status && stateWords(status.state);
  const last = status && stateWords(status.lastState);
  return h(
    "div",
    { class: "part" },
    h("h3", null, name),
    h(Facts, {
      of: {
        Image: image,
        Command: command.length + args.length > 0 && h("code", null, [...command, ...args].join(" ")),
        State: state && h(State, { state }),
        Ready: status && (status.ready ? "yes" : "no"),
        "Last time": last && h(State, { state: last }),
        Restarts: status && String(status.restartCount),
        Ports: ports
          .map(({ name: port, containerPort, protocol, hostPort }) =>
            [port, `${containerPort}/${protocol}`, hostPort && `on the node ${hostPort}`].filter(Boolean).join(" "),
          )
          .join(", "),
        Requests: listText(resources?.requests),
        Limits: listText(resources?.limits),
        Usage: usage && h(Usage, { usage, limits: resources?.limits }),
        Mounts:
          volumeMounts.length > 0 &&
          h(Fold, {
            title: `${volumeMounts.length} mounted`,
            content: () =>
              h(Grid, {
                titles: ["Path", "Volume", ""],
                rows: volumeMounts.map((mount) => [
                  mount.mountPath,
                  mount.name,
                  [mount.subPath, mount.readOnly && "read only"].filter(Boolean).join(", "),
                ]),
              }),
          }),
      },
    }),
  );
}

const State = ({ state: { tone, word, message, since, ended } }: { readonly state: StateWords }): ComponentChild => [
  h("span", { class: tone }, word),
  since && [" for ", h(Age, { of: since })],
  ended && [" ", h(Age, { of: ended }), " ago"],
  message && h("pre", null, message),
];

const SHOWN = { cpu: showCpu, memory: showBytes };

/** Against the limits where there are any. */
const Usage = ({ usage, limits }: Pick<ContainerFactsProps, "usage"> & { readonly limits: typeof usage }) =>
  Object.entries(SHOWN).map(([resource, show]) => {
    const amount = amountOf(usage?.[resource]);
    const limit = limits?.[resource];
    return limit
      ? h(AmountMeter, { key: resource, label: resource, amount, of: amountOf(limit), show })
      : h("div", { key: resource }, `${show(amount)} ${resource}`);
  });
