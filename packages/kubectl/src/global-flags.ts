/** The flags that every verb takes: which server, as whom, in which namespace. */
import { bool, count, defineFlags, type FlagValues, file, list, text } from "@kubets/machinery/flags";

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
  "certificate-authority": file({ help: "File with the certificate authority of the server.", group }),
  "client-certificate": file({ help: "Client certificate file for TLS.", group }),
  "client-key": file({ help: "Client key file for TLS.", group }),
  "insecure-skip-tls-verify": bool({ help: "Trust any certificate of the server. Insecure.", group }),
  "tls-server-name": text({ help: "Name that the server's certificate must carry.", group }),
  "request-timeout": text({ help: "How long to wait for one answer (1s, 2m); 0 waits for ever.", default: "0", group }),
  "match-server-version": bool({ help: "Require the server's version to match.", group, hidden: true }),
  "warnings-as-errors": bool({ help: "Treat warnings of the server as errors.", group }),
  "cache-dir": file({ help: "Not used: discovery is asked for anew.", group, hidden: true }),
  v: count({ help: "How much to tell: 6 shows each request.", short: "v", group, hidden: true }),
});

export type GlobalValues = FlagValues<typeof globalFlags>;
