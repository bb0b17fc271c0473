/** The environment that Kubernetes gives expressions, without variables. */
import { type Environment, environment } from "./environment.ts";
import { twoVariables } from "./libraries/comprehensions.ts";
import { optionals } from "./libraries/optional.ts";

/** Every expression of the API is compiled in an extension of this. */
export const kubernetesLibraries = [optionals, twoVariables];
export const kubernetesEnvironment: Environment = environment({ libraries: kubernetesLibraries });
