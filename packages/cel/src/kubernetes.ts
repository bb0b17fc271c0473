/**
 * The environment that Kubernetes gives expressions, without variables: all libraries but those that only some
 * expressions have (the authorizer, JSON patches).
 */
import type { Library } from "./declarations.ts";
import { type Environment, environment } from "./environment.ts";
import { addresses } from "./libraries/addresses.ts";
import { twoVariables } from "./libraries/comprehensions.ts";
import { namedFormats } from "./libraries/formats.ts";
import { lists } from "./libraries/lists.ts";
import { optionals } from "./libraries/optional.ts";
import { quantities } from "./libraries/quantities.ts";
import { regexes } from "./libraries/regex.ts";
import { semvers } from "./libraries/semvers.ts";
import { sets } from "./libraries/sets.ts";
import { strings } from "./libraries/strings.ts";
import { urls } from "./libraries/urls.ts";

export const kubernetesLibraries: readonly Library[] = [
  optionals,
  twoVariables,
  strings,
  lists,
  regexes,
  urls,
  addresses,
  quantities,
  semvers,
  namedFormats,
  sets,
];

/** Every expression of the API is compiled in an extension of this. */
export const kubernetesEnvironment: Environment = environment({ libraries: kubernetesLibraries });
