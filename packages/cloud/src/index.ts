export { type CloudOptions, cloudControllers, controllersFor } from "./controllers.ts";
export { localProvider } from "./local/provider.ts";
export type {
  CloudProvider,
  Instance,
  Instances,
  LoadBalancers,
  ProviderFactory,
  Route,
  Routes,
} from "./provider.ts";
