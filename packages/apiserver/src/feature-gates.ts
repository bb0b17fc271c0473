/** The gates of the API server that can be switched. Gates of v1.36 that this server always has on, or does not have yet, are not here. */
import { defineGates } from "@kubets/machinery/feature-gates";

export const featureGates = () => defineGates({});
