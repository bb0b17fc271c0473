/** The flags of `kubets apiserver`, by the names that kube-apiserver has, and those that only this server has. */
import { bool, choice, defineFlags, duration, file, int, list, text } from "@kubets/machinery/flags";
import { auditFlags } from "./audit/flags.ts";
import { authenticationFlags } from "./authn/flags.ts";
import { authorizationFlags } from "./authz/flags.ts";

const SERVING = "Serving";
const STORAGE = "Storage";
const AUTHENTICATION = "Authentication";
const ADMISSION = "Admission";
const NETWORK = "Services and nodes";
const LOGS = "Logs";

export const apiServerFlags = defineFlags({
  "secure-port": int({
    default: 6443,
    min: 0,
    max: 65535,
    placeholder: "PORT",
    help: "The port of HTTPS; 0 takes a free one.",
    group: SERVING,
  }),
  "bind-address": text({
    default: "0.0.0.0",
    placeholder: "ADDRESS",
    help: "The address to listen on.",
    group: SERVING,
  }),
  "advertise-address": text({
    placeholder: "ADDRESS",
    help: "The address at which members of the cluster reach this server.",
    group: SERVING,
  }),
  "external-hostname": text({
    placeholder: "NAME",
    help: "The host name under which this server is known outside.",
    group: SERVING,
  }),
  "cert-dir": file({
    help: "Where the serving certificate is kept when none is given (in the data folder by default).",
    group: SERVING,
  }),
  "tls-cert-file": file({ help: "The serving certificate, with those of its authorities behind it.", group: SERVING }),
  "tls-private-key-file": file({ help: "The key of the serving certificate.", group: SERVING }),
  "tls-min-version": choice(["VersionTLS12", "VersionTLS13"], {
    default: "VersionTLS12",
    help: "The oldest version of TLS to speak.",
    group: SERVING,
  }),
  "tls-cipher-suites": list({ help: "The cipher suites of TLS 1.2 to offer.", group: SERVING }),
  "tls-sni-cert-key": list({
    split: false,
    placeholder: "CERT,KEY[:NAMES]",
    help: "A certificate for other names; may be given several times.",
    group: SERVING,
  }),
  "min-request-timeout": int({
    default: 1800,
    placeholder: "SECONDS",
    help: "The shortest time that a watch is kept open.",
    group: SERVING,
  }),
  "request-timeout": duration({ default: 60_000, help: "How long a request may take.", group: SERVING }),
  "max-requests-inflight": int({ default: 400, help: "Reads that may be worked on at once.", group: SERVING }),
  "max-mutating-requests-inflight": int({
    default: 200,
    help: "Writes that may be worked on at once.",
    group: SERVING,
  }),
  "enable-priority-and-fairness": bool({
    default: true,
    help: "Share the server between clients by FlowSchemas and PriorityLevelConfigurations.",
    group: SERVING,
  }),
  "shutdown-delay-duration": duration({
    default: 0,
    help: "How long to go on serving after being told to stop, not ready any more.",
    group: SERVING,
  }),

  "data-dir": file({
    placeholder: "FOLDER",
    help: "The embedded store's folder (default without --etcd-servers: ./kubets-data).",
    group: STORAGE,
  }),
  "etcd-servers": list({
    placeholder: "URL",
    help: "The etcd members to store in, instead of the embedded store.",
    group: STORAGE,
  }),
  "etcd-cafile": file({ help: "The authority that etcd's certificates are checked by.", group: STORAGE }),
  "etcd-certfile": file({ help: "The certificate to show to etcd.", group: STORAGE }),
  "etcd-keyfile": file({ help: "The key of the certificate to show to etcd.", group: STORAGE }),
  "etcd-prefix": text({ default: "/registry", help: "What all keys in etcd begin with.", group: STORAGE }),
  "encryption-provider-config": file({
    help: "How values are sealed in storage: a file of kind EncryptionConfiguration.",
    group: STORAGE,
  }),
  "encryption-provider-config-automatic-reload": bool({
    help: "Take that file up again when it changes.",
    group: STORAGE,
  }),
  "event-ttl": duration({ default: 3_600_000, help: "How long events are kept.", group: STORAGE }),

  "client-ca-file": file({ help: "The authorities of client certificates.", group: AUTHENTICATION }),
  "token-auth-file": file({ help: 'Static tokens: lines of token,user,uid,"group1,group2".', group: AUTHENTICATION }),
  "anonymous-auth": bool({
    default: true,
    help: "Take requests without credentials as system:anonymous.",
    group: AUTHENTICATION,
  }),
  "enable-bootstrap-token-auth": bool({
    help: "Take the tokens of Secrets of type bootstrap.kubernetes.io/token.",
    group: AUTHENTICATION,
  }),
  "service-account-issuer": list({
    help: "Who signs the tokens of service accounts; the first signs, all are accepted.",
    group: AUTHENTICATION,
  }),
  "service-account-key-file": list({
    placeholder: "FILE",
    help: "Public keys that tokens of service accounts are checked by.",
    group: AUTHENTICATION,
  }),
  "service-account-signing-key-file": file({
    help: "The private key that signs tokens of service accounts.",
    group: AUTHENTICATION,
  }),
  "service-account-max-token-expiration": duration({
    default: 0,
    help: "The longest life of a token that is asked for; 0 sets no limit.",
    group: AUTHENTICATION,
  }),
  "service-account-jwks-uri": text({
    placeholder: "URL",
    help: "Where the keys of tokens are published.",
    group: AUTHENTICATION,
  }),
  "api-audiences": list({
    help: "Whom tokens are for when nobody says; the issuer by default.",
    group: AUTHENTICATION,
  }),
  "requestheader-client-ca-file": file({ help: "The authorities of front proxies.", group: AUTHENTICATION }),
  "requestheader-allowed-names": list({ help: "The names of front proxies.", group: AUTHENTICATION }),
  "requestheader-username-headers": list({
    default: [],
    help: "The headers in which front proxies say the user.",
    group: AUTHENTICATION,
  }),
  "requestheader-uid-headers": list({
    default: [],
    help: "The headers in which front proxies say the user's uid.",
    group: AUTHENTICATION,
  }),
  "requestheader-group-headers": list({
    default: [],
    help: "The headers in which front proxies say groups.",
    group: AUTHENTICATION,
  }),
  "requestheader-extra-headers-prefix": list({
    default: [],
    help: "The prefixes of headers in which front proxies say more.",
    group: AUTHENTICATION,
  }),
  "proxy-client-cert-file": file({ help: "The certificate to show to aggregated servers.", group: AUTHENTICATION }),
  "proxy-client-key-file": file({
    help: "The key of the certificate to show to aggregated servers.",
    group: AUTHENTICATION,
  }),
  "peer-ca-file": file({
    help: "The authorities of other API servers: they are asked for what this one does not serve.",
    group: AUTHENTICATION,
  }),
  "peer-advertise-ip": text({
    placeholder: "ADDRESS",
    help: "The address at which other API servers reach this one, when it is not --advertise-address.",
    group: SERVING,
  }),
  "peer-advertise-port": text({
    placeholder: "PORT",
    help: "The port at which other API servers reach this one, when it is not --secure-port.",
    group: SERVING,
  }),

  ...authenticationFlags,

  ...authorizationFlags,

  "allow-privileged": bool({ help: "Let containers ask to be privileged.", group: ADMISSION }),
  "enable-admission-plugins": list({ help: "Plugins to run besides those that run by default.", group: ADMISSION }),
  "admission-control-config-file": file({
    help: "What admission plugins are configured by: a file of kind AdmissionConfiguration.",
    group: ADMISSION,
  }),
  "admission-plugin-file": list({
    placeholder: "FILE",
    help: "Admission plugins of your own, each a TypeScript file; each runs in a process of its own.",
    group: ADMISSION,
  }),
  "disable-admission-plugins": list({ help: "Plugins not to run though they do by default.", group: ADMISSION }),
  "runtime-config": list({ help: "APIs to serve or not: apps/v1=false, api/alpha=true, ...", group: ADMISSION }),
  "feature-gates": text({ placeholder: "A=true,B=false", help: "Features to switch on or off.", group: ADMISSION }),

  "service-cluster-ip-range": text({
    default: "10.0.0.0/24",
    placeholder: "CIDR",
    help: "The addresses of services; two, with a comma, for both families.",
    group: NETWORK,
  }),
  "service-node-port-range": text({
    default: "30000-32767",
    placeholder: "FROM-TO",
    help: "The node ports of services.",
    group: NETWORK,
  }),
  "kubelet-client-certificate": file({ help: "The certificate to show to kubelets.", group: NETWORK }),
  "kubelet-client-key": file({ help: "The key of the certificate to show to kubelets.", group: NETWORK }),
  "kubelet-certificate-authority": file({
    help: "The authority that kubelets' certificates are checked by.",
    group: NETWORK,
  }),
  "egress-selector-config-file": file({
    help: "Through which proxies others are reached: a file of kind EgressSelectorConfiguration.",
    group: NETWORK,
  }),
  "kubelet-preferred-address-types": list({
    default: ["Hostname", "InternalDNS", "InternalIP", "ExternalDNS", "ExternalIP"],
    help: "The addresses of nodes to try, in order.",
    group: NETWORK,
  }),
  "enable-aggregator-routing": bool({
    help: "Reach webhooks and aggregated servers at their endpoints, not at cluster IPs.",
    group: NETWORK,
  }),
  "endpoint-reconciler-type": choice(["lease", "none"], {
    default: "lease",
    help: "Whether this server keeps itself among the endpoints of the service kubernetes.",
    group: NETWORK,
  }),

  ...auditFlags,

  profiling: bool({
    default: true,
    help: "Serve profiles of this process, in V8's forms, below /debug/pprof/.",
    group: LOGS,
  }),
  "logging-format": choice(["text", "json"], { default: "text", help: "How log lines look.", group: LOGS }),
  v: int({
    default: 0,
    short: "v",
    placeholder: "LEVEL",
    help: "How much is logged; 3 and more tell of each request, 4 and more of what is only of use to find faults.",
    group: LOGS,
  }),
});
