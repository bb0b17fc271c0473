/** Access modes as tables show them: "RWO,RWX". */
const SHORT: readonly [mode: string, short: string][] = [
  ["ReadWriteOnce", "RWO"],
  ["ReadOnlyMany", "ROX"],
  ["ReadWriteMany", "RWX"],
  ["ReadWriteOncePod", "RWOP"],
];

export const accessModesText = (modes: readonly string[] = []): string =>
  SHORT.filter(([mode]) => modes.includes(mode))
    .map(([, short]) => short)
    .join(",");

/** The class of a volume or claim stood in an annotation once. */
export const CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class";

type Classed = {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly storageClassName?: string };
};

export const storageClassOf = ({ metadata, spec }: Classed): string =>
  metadata.annotations?.[CLASS_ANNOTATION] ?? spec.storageClassName ?? "";

export const classWarnings = ({ metadata }: Classed): string[] =>
  metadata.annotations?.[CLASS_ANNOTATION] === undefined
    ? []
    : [`metadata.annotations[${CLASS_ANNOTATION}]: deprecated since v1.8; use "storageClassName" attribute instead`];
