/**
 * Which objects a command line names: "pods", "pods,svc", "pod x y", "pod/x svc/y".
 * Holds: pure; the server is asked nothing but which resources there are.
 */
import { UsageError } from "../errors.ts";
import type { ApiResource, Mapper } from "./mapper.ts";

interface NamedObjects {
  /** Empty for all of them. */
  readonly names: readonly string[];
  readonly resource: ApiResource;
}

interface ParsedArguments {
  readonly targets: readonly NamedObjects[];
  /** Objects are named, not only resources. */
  readonly named: boolean;
  /** Exactly one object is named. */
  readonly single: boolean;
}

export function parseArguments(args: readonly string[], mapper: Mapper, verb: string): ParsedArguments {
  if (args.length === 0) return { targets: [], named: false, single: false };
  const slashed = args.filter((arg) => arg.includes("/"));
  if (slashed.length > 0) return slashForm(args, slashed, mapper, verb);
  const [types = "", ...names] = args;
  const resources = types
    .split(",")
    .filter((type) => type !== "")
    .flatMap((type) => resourcesOf(type, mapper));
  if (resources.length === 0) throw new UsageError(`the server doesn't have a resource type ${JSON.stringify(types)}`);
  const unique = [...new Set(names.filter((name) => name !== ""))];
  return {
    targets: resources.map((resource) => ({ resource, names: unique })),
    named: unique.length > 0,
    single: unique.length === 1 && resources.length === 1,
  };
}

const resourcesOf = (type: string, mapper: Mapper): ApiResource[] => {
  const category = mapper.find(type) ? [] : mapper.category(type);
  return category.length > 0 ? category : [mapper.resource(type)];
};

function slashForm(args: readonly string[], slashed: readonly string[], mapper: Mapper, verb: string): ParsedArguments {
  if (slashed.length < args.length) {
    throw new UsageError(
      `there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl ${verb} resource/<resource_name>' instead of 'kubectl ${verb} resource resource/<resource_name>'`,
    );
  }
  const targets = slashed.flatMap((arg) => {
    const [type = "", name = "", ...more] = arg.split("/");
    if (more.length > 0) throw new UsageError(`arguments in resource/name form may not have more than one slash`);
    if (!type || !name) throw new UsageError(`arguments in resource/name form must have a single resource and name`);
    return resourcesOf(type, mapper).map((resource) => ({ resource, names: [name] }));
  });
  return { targets, named: true, single: targets.length === 1 };
}
