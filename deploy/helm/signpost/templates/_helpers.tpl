{{- define "signpost.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}
{{- end -}}
{{- end -}}

{{- define "signpost.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end -}}

{{- define "signpost.labels" -}}
{{ include "signpost.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "signpost.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "signpost.secretEnv" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .root.Values.secret.name }}
      key: {{ .key }}
      optional: {{ .optional }}
{{ end -}}

{{- define "signpost.databaseEnv" -}}
{{- $secret := .Values.secret -}}
{{ include "signpost.secretEnv" (dict "root" . "name" "DATABASE_URL" "key" $secret.databaseUrl "optional" false) -}}
{{ include "signpost.secretEnv" (dict "root" . "name" "SIGNPOST_MIGRATION_DATABASE_URL" "key" $secret.migrationDatabaseUrl "optional" true) -}}
{{- end -}}

{{- define "signpost.env" -}}
{{- $secret := .root.Values.secret -}}
- name: SIGNPOST_ROLE
  value: {{ .role }}
- name: SIGNPOST_HOST
  value: 0.0.0.0
- name: SIGNPOST_PORT
  value: '8080'
- name: SIGNPOST_METRICS_PORT
  value: '9464'
- name: SIGNPOST_PUBLIC_URL
  value: {{ .root.Values.publicUrl | quote }}
{{- if eq .role "api" }}
{{- if not (hasKey .root.Values.settings "SIGNPOST_ALLOWED_HOSTS") }}
- name: SIGNPOST_ALLOWED_HOSTS
  value: {{ $host := printf "%s.%s.svc" (include "signpost.name" .root) .root.Release.Namespace }}{{ printf "%s,%s.cluster.local" $host $host }}
{{- end }}
- name: SIGNPOST_TRUSTED_PROXIES
  value: {{ .root.Values.trustedProxies | quote }}
{{- end }}
- name: TEMPORAL_ADDRESS
  value: {{ .root.Values.temporal.address | quote }}
- name: TEMPORAL_NAMESPACE
  value: {{ .root.Values.temporal.namespace | quote }}
{{- if .root.Values.temporal.tlsSecret }}
- name: TEMPORAL_TLS_SERVER_CA_CERT_PATH
  value: /etc/temporal-tls/ca.crt
- name: TEMPORAL_TLS_CLIENT_CERT_PATH
  value: /etc/temporal-tls/tls.crt
- name: TEMPORAL_TLS_CLIENT_KEY_PATH
  value: /etc/temporal-tls/tls.key
{{- end }}
{{ include "signpost.databaseEnv" .root -}}
{{ include "signpost.secretEnv" (dict "root" .root "name" "SIGNPOST_MASTER_KEY" "key" $secret.masterKey "optional" false) -}}
{{ include "signpost.secretEnv" (dict "root" .root "name" "SIGNPOST_MASTER_KEY_PREVIOUS" "key" $secret.masterKeyPrevious "optional" true) -}}
{{ include "signpost.secretEnv" (dict "root" .root "name" "TEMPORAL_API_KEY" "key" $secret.temporalApiKey "optional" true) -}}
{{ if eq .role "api" -}}
{{ include "signpost.secretEnv" (dict "root" .root "name" "SIGNPOST_ADMIN_KEY" "key" $secret.adminKey "optional" false) -}}
{{ end -}}
{{- range $name, $value := .root.Values.settings }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- with .root.Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "signpost.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "signpost.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "signpost.deployment" -}}
{{- $values := index .root.Values .role -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "signpost.name" .root }}-{{ .role }}
  labels:
    {{- include "signpost.labels" . | nindent 4 }}
spec:
  {{- if not $values.autoscaling.enabled }}
  replicas: {{ $values.replicas }}
  {{- end }}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxUnavailable: 0
      maxSurge: 1
  selector:
    matchLabels:
      {{- include "signpost.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "signpost.labels" . | nindent 8 }}
    spec:
      automountServiceAccountToken: false
      # Longer than preStop and SIGNPOST_SHUTDOWN_GRACE_SECONDS together, so that attempts finish.
      terminationGracePeriodSeconds: 45
      {{- with .root.Values.imagePullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      securityContext:
        {{- include "signpost.podSecurity" . | nindent 8 }}
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "signpost.selector" . | nindent 14 }}
      containers:
        - name: signpost
          image: {{ include "signpost.image" .root }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          securityContext:
            {{- include "signpost.containerSecurity" . | nindent 12 }}
          ports:
            - name: http
              containerPort: 8080
            - name: metrics
              containerPort: 9464
          env:
            {{- include "signpost.env" . | nindent 12 }}
          # Migrations may take a while. After that, the other two take over.
          startupProbe:
            httpGet: { path: /healthz, port: http }
            periodSeconds: 5
            failureThreshold: 120
          livenessProbe:
            httpGet: { path: /healthz, port: http }
            periodSeconds: 10
            timeoutSeconds: 5
          readinessProbe:
            httpGet: { path: '/readyz?role={{ .role }}', port: http }
            periodSeconds: 5
            timeoutSeconds: 4
          lifecycle:
            preStop:
              exec:
                # Endpoints are updated meanwhile.
                command: [sleep, '5']
          resources:
            {{- toYaml $values.resources | nindent 12 }}
          volumeMounts:
            - name: tmp
              mountPath: /tmp
            {{- if .root.Values.temporal.tlsSecret }}
            - name: temporal-tls
              mountPath: /etc/temporal-tls
              readOnly: true
            {{- end }}
      volumes:
        - name: tmp
          emptyDir: {}
        {{- if .root.Values.temporal.tlsSecret }}
        - name: temporal-tls
          secret:
            secretName: {{ .root.Values.temporal.tlsSecret }}
        {{- end }}
      {{- with $values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end -}}
