/** A small chart: a Deployment of values, hooks before and after, and a test. Written into a folder for helm. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const FILES: Readonly<Record<string, string>> = {
  "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\nappVersion: '1'\n",
  "values.yaml": "replicas: 1\nimage: example/shop:1\n",
  "templates/deployment.yaml": `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels: {app: {{ .Release.Name }}}
  template:
    metadata:
      labels: {app: {{ .Release.Name }}}
    spec:
      containers:
        - name: main
          image: {{ .Values.image }}
          ports: [{containerPort: 80}]
`,
  "templates/service.yaml": `apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}
spec:
  selector: {app: {{ .Release.Name }}}
  ports: [{port: 80}]
`,
  "templates/hook.yaml": `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-hook-{{ .Release.Revision }}
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
data: {revision: "{{ .Release.Revision }}"}
`,
  "templates/tests/ask.yaml": `apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}-ask
  annotations:
    helm.sh/hook: test
spec:
  restartPolicy: Never
  containers: [{name: ask, image: example/ask}]
`,
};

export function writeChart(folder: string): string {
  const chart = join(folder, "shop");
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(join(chart, name, ".."), { recursive: true });
    writeFileSync(join(chart, name), text);
  }
  return chart;
}
