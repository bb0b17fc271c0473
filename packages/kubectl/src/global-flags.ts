/** The flags that every verb takes: which server, as whom, in which namespace. */
import { bool, count, defineFlags, duration, type FlagValues, file, list, text } from "@kubets/machinery/flags";

const group = "Global";

export const globalFlags = defineFlags({
  kubeconfig: file({ help: "Path to the kubeconfig file to use.", group }),
  context: text({ help: "The name of the kubeconfig context to use.", group }),
  cluster: text({ help: "The name of the kubeconfig cluster to use.", group }),
  user: text({ help: "The name of the kubeconfig user to use.", group }),
  namespace: text({ help: "The namespace to work in.", short: "n", group }),
  server: text({ help: "The address of the API server.", short: "s", group }),
  token: text({ help: "Bearer token for authentication to the API server.", group }),
  username: text({ help: "Name for basic authentication.", group, hidden: true }),
  password: text({ help: "Password for basic authentication.", group, hidden: true }),
  as: text({ help: "Username to impersonate.", group }),
  "as-group": list({ help: "Group to impersonate; may be given several times.", group }),
  "as-uid": text({ help: "UID to impersonate.", group }),
  "as-user-extra": list({
    help: "Extra of the impersonated user, key=value; may be given several times.",
    split: false,
    group,
  }),
  "certificate-authority": file({ help: "File with the certificate authority of the server.", group }),
  "client-certificate": file({ help: "Client certificate file for TLS.", group }),
  "client-key": file({ help: "Client key file for TLS.", group }),
  "insecure-skip-tls-verify": bool({ help: "Trust any certificate of the server. Insecure.", group }),
  "tls-server-name": text({ help: "Name that the server's certificate must carry.", group }),
  "request-timeout": text({ help: "How long to wait for one answer (1s, 2m); 0 waits for ever.", default: "0", group }),
  "match-server-version": bool({ help: "Require the server's version to match.", group, hidden: true }),
  "warnings-as-errors": bool({ help: "Treat warnings of the server as errors.", group }),
  "cache-dir": file({ help: "Not used: discovery is asked for anew.", group, hidden: true }),
  "disable-compression": bool({
    help: "Ask for answers that are not compressed; they never are.",
    group,
    hidden: true,
  }),
  kuberc: file({ help: "The file of preferences; off for none.", group }),
  v: count({ help: "How much to tell: 6 each request, 7 with headers, 8 with bodies.", short: "v", group }),
  vmodule: text({ help: "Not used: one level for all.", group, hidden: true }),
  "log-flush-frequency": duration({ help: "Not used: logs are written at once.", default: 5000, group, hidden: true }),
  profile: text({ help: "A profile to make while the verb runs: none, cpu or heap.", default: "none", group }),
  "profile-output": file({ help: "Where the profile is written.", default: "profile.pprof", group }),
});

export type GlobalValues = FlagValues<typeof globalFlags>;
