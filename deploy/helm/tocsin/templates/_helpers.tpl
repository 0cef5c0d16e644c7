{{- define "tocsin.name" -}}{{ default .Chart.Name .Values.nameOverride | trunc 52 | trimSuffix "-" }}{{- end -}}
{{- define "tocsin.fullname" -}}
{{- if contains (include "tocsin.name" .) .Release.Name -}}{{ .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else -}}{{ printf "%s-%s" .Release.Name (include "tocsin.name" .) | trunc 52 | trimSuffix "-" }}{{- end -}}
{{- end -}}
{{- define "tocsin.selector" -}}
app.kubernetes.io/name: {{ include "tocsin.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}
{{- define "tocsin.labels" -}}
{{ include "tocsin.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}
{{- define "tocsin.image" -}}{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}{{- end -}}
{{/* kafka of the configuration; where Strimzi makes the topics tocsin must not be quicker. */}}
{{- define "tocsin.kafka" -}}
{{- $kafka := deepCopy .Values.config.kafka -}}
{{- if .Values.strimzi.enabled }}{{ $_ := set $kafka "create_topics" false }}{{ end -}}
{{- toYaml $kafka -}}
{{- end -}}
{{/* What all pods have in common: no root, nothing writable, no token of the API. */}}
{{- define "tocsin.pod" -}}
serviceAccountName: {{ include "tocsin.fullname" . }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
{{- define "tocsin.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}
{{- define "tocsin.volumes" -}}
- name: config
  configMap: {name: {{ .config }}}
- name: tmp
  emptyDir: {sizeLimit: 32Mi}
{{- if .secret }}
- name: secrets
  secret: {secretName: {{ .secret }}, defaultMode: 0440}
{{- end }}
{{- end -}}
{{- define "tocsin.mounts" -}}
- {name: config, mountPath: /etc/tocsin, readOnly: true}
- {name: tmp, mountPath: /tmp}
{{- if . }}
- {name: secrets, mountPath: /run/tocsin/secrets, readOnly: true}
{{- end }}
{{- end -}}
{{- define "tocsin.probes" -}}
livenessProbe:
  httpGet: {path: /livez, port: admin}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /readyz, port: admin}
  periodSeconds: 5
  timeoutSeconds: 5
{{- end -}}
