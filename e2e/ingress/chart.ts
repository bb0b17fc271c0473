/** A chart as people write them for ingress-nginx: a page with a WebSocket, under a path, by TLS. The machine's own Node is lent to its containers. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Answers every path with a page that talks back by WebSocket, and ends in order. */
const SERVER = `
const { createHash } = require("node:crypto"), { createServer } = require("node:http"), name = require("node:os").hostname();
const page = "<title>shop</title><script>const socket = new WebSocket(location.href.replace('http', 'ws') + 'socket'); const said = new Promise((told) => { socket.onmessage = (m) => told(m.data); }); socket.onopen = () => socket.send('hello');</script>";
const server = createServer((request, response) => {
  response.setHeader("x-pod", name).setHeader("x-path", request.url);
  request.resume().on("end", () => response.setHeader("content-type", "text/html").end(page));
});
server.on("upgrade", ({ url, headers }, socket) => {
  const accept = createHash("sha1").update(headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64");
  socket.write("HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: " + accept + "\\r\\n\\r\\n");
  socket.on("error", () => {}).once("data", (frame) => {
    const text = Buffer.from(frame.subarray(6).map((byte, i) => byte ^ frame[2 + (i % 4)])) + " at " + url;
    socket.write(Buffer.concat([Buffer.from([0x81, text.length]), Buffer.from(text)]));
  });
});
process.on("SIGTERM", () => server.close(() => process.exit()));
server.listen(8080);
`;

const lent = ["/usr", "/lib", "/lib64", dirname(process.execPath)];

const FILES: Readonly<Record<string, string>> = {
  "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\nappVersion: '1'\n",
  "values.yaml": `replicaCount: 3
ingress:
  enabled: true
  className: nginx
  annotations:
    nginx.ingress.kubernetes.io/rewrite-target: /$2
    nginx.ingress.kubernetes.io/proxy-body-size: 8m
    nginx.ingress.kubernetes.io/proxy-read-timeout: "120"
    nginx.ingress.kubernetes.io/configuration-snippet: "more_set_headers x;"
  host: shop.test
`,
  "templates/secret.yaml": `{{- $cert := genSelfSignedCert .Values.ingress.host nil (list .Values.ingress.host) 30 -}}
apiVersion: v1
kind: Secret
type: kubernetes.io/tls
metadata: {name: {{ .Release.Name }}-tls}
data:
  tls.crt: {{ $cert.Cert | b64enc }}
  tls.key: {{ $cert.Key | b64enc }}
`,
  "templates/deployment.yaml": `apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  replicas: {{ .Values.replicaCount }}
  selector:
    matchLabels: {app: {{ .Release.Name }}}
  template:
    metadata:
      labels: {app: {{ .Release.Name }}}
    spec:
      terminationGracePeriodSeconds: 5
      containers:
        - name: main
          image: kubets.local/demo:1
          command: ${JSON.stringify([process.execPath, "-e", SERVER])}
          ports: [{name: http, containerPort: 8080}]
          readinessProbe: {httpGet: {path: /, port: http}, periodSeconds: 1}
          volumeMounts: ${JSON.stringify(lent.map((path, i) => ({ name: `lent-${i}`, mountPath: path, readOnly: true })))}
      volumes: ${JSON.stringify(lent.map((path, i) => ({ name: `lent-${i}`, hostPath: { path } })))}
`,
  "templates/service.yaml": `apiVersion: v1
kind: Service
metadata: {name: {{ .Release.Name }}}
spec:
  selector: {app: {{ .Release.Name }}}
  ports: [{name: http, port: 80, targetPort: http}]
`,
  "templates/ingress.yaml": `{{- if .Values.ingress.enabled }}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ .Release.Name }}
  annotations: {{- toYaml .Values.ingress.annotations | nindent 4 }}
spec:
  ingressClassName: {{ .Values.ingress.className }}
  tls: [{hosts: [{{ .Values.ingress.host }}], secretName: {{ .Release.Name }}-tls}]
  rules:
    - host: {{ .Values.ingress.host }}
      http:
        paths:
          - path: /shop(/|$)(.*)
            pathType: ImplementationSpecific
            backend: {service: {name: {{ .Release.Name }}, port: {name: http}}}
{{- end }}
`,
};

export function writeShopChart(folder: string): string {
  const chart = join(folder, "shop");
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(join(chart, name, ".."), { recursive: true });
    writeFileSync(join(chart, name), text);
  }
  return chart;
}
