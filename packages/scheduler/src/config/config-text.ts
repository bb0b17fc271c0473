/** A configuration as the file that would say it, for /configz; keys of extenders stay where they are. */
import type { ProfileConfig, SchedulerConfig } from "./config.ts";

export const configText = ({ profiles, extenders, ...rest }: SchedulerConfig) => ({
  apiVersion: "kubescheduler.config.k8s.io/v1",
  kind: "KubeSchedulerConfiguration",
  ...rest,
  profiles: profiles.map(profileText),
  extenders: extenders.map((extender) => ({ ...extender, tlsConfig: undefined })),
});

const profileText = ({ plugins, pluginConfig, ...profile }: ProfileConfig) => ({
  ...profile,
  plugins: Object.fromEntries(
    Object.entries(plugins).map(([point, { enabled, disabled }]) => [
      point,
      { enabled, disabled: disabled.map((name) => ({ name })) },
    ]),
  ),
  pluginConfig: Object.entries(pluginConfig).map(([name, args]) => ({ name, args })),
});
