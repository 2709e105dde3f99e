{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{/*
What callers must show. Values of the last release, which had to set insecurePrincipals=true and knew nothing else, mean what
they meant: nobody's callers are refused by an upgrade. Everybody else asks for credentials.
*/}}
{{- define "amends.auth" -}}
{{- .Values.config.auth | default (ternary "off" "required" .Values.insecurePrincipals) -}}
{{- end -}}

{{/* "true" when there is a certificate, so that nobody speaks plaintext with callers. */}}
{{- define "amends.tls" -}}
{{- if .Values.tls.existingSecret -}}true{{- end -}}
{{- end -}}

{{/* Where the service itself listens behind a front: on loopback, 10000 above the port of the front. */}}
{{- define "amends.behindFront" -}}
{{- printf "127.0.0.1:%d" (add 10000 (int .ports.grpc)) -}}
{{- end -}}

{{/* The options about callers and transport. Argument: dict "root" $ "component" "intake" "settings" (the merged ones). */}}
{{- define "amends.security.config" -}}
{{- $v := .root.Values -}}
{{- $tls := include "amends.tls" .root -}}
{{- if $v.front.enabled }}
AMENDS_LISTEN: {{ include "amends.behindFront" .settings | quote }}
AMENDS_TRUSTED_FRONT_LOOPBACK: "true"
{{- if eq .component "assignment" }}
AMENDS_TLS_LISTEN: {{ printf "0.0.0.0:%d" (int $v.front.routePort) | quote }}
{{- end }}
{{- else }}
AMENDS_LISTEN: {{ printf "0.0.0.0:%d" (int .settings.ports.grpc) | quote }}
{{- end }}
AMENDS_AUTH: {{ include "amends.auth" .root | quote }}
{{- if ne (include "amends.auth" .root) "required" }}
AMENDS_INSECURE_PRINCIPALS: "true"
{{- end }}
{{- if not $tls }}
AMENDS_INSECURE_PLAINTEXT: "true"
{{- end }}
AMENDS_INSECURE_ADMIN: "true"
{{- if and $tls (or (not $v.front.enabled) (eq .component "assignment")) }}
AMENDS_TLS_CERT: /etc/amends/tls/tls.crt
AMENDS_TLS_KEY: /etc/amends/tls/tls.key
{{- if and (ne $v.tls.clientCert "none") (not $v.front.enabled) }}
AMENDS_TLS_CLIENT_CA: {{ include "amends.tls.clientCa" .root }}
AMENDS_TLS_CLIENT_CERT: {{ $v.tls.clientCert }}
{{- end }}
{{- end }}
{{- if and $tls (ne .component "assignment") }}
AMENDS_TLS_CA: /etc/amends/tls/ca.crt
{{- end }}
{{- if $v.internalKey.existingSecret }}
AMENDS_INTERNAL_KEY_FILE: /etc/amends/internal-key/internal-key
{{- end }}
{{- if $v.masterKeys.existingSecret }}
AMENDS_MASTER_KEYS: /etc/amends/master-keys/master-keys
{{- end }}
{{- with $v.keysPg }}
AMENDS_KEYS_PG: {{ . | quote }}
{{- end }}
{{- if and $v.checkpointKey.existingSecret (ne .component "resolution") }}
AMENDS_CHECKPOINT_KEY: /etc/amends/checkpoint-key/key.pem
{{- end }}
{{- if and $v.mail.url (eq .component "resolution") }}
{{- include "amends.mail.config" .root | trim | nindent 0 }}
{{- end }}
{{- end -}}

{{- define "amends.tls.clientCa" -}}
{{- if .Values.tls.clientCa.existingSecret -}}
/etc/amends/client-ca/ca.crt
{{- else -}}
/etc/amends/tls/ca.crt
{{- end -}}
{{- end -}}

{{/* Argument: dict "root" $ "component" "intake". One list for volumes and mounts: name, Secret, its key (all: ""), the file. */}}
{{- define "amends.security.secrets" -}}
{{- $v := .root.Values -}}
{{- $tls := include "amends.tls" .root -}}
{{- if eq .component "migration" }}
{{- if $v.migration.firstKey.existingSecret }}
- {name: first-key, secret: {{ $v.migration.firstKey.existingSecret }}, key: {{ $v.migration.firstKey.key }}, file: first-key}
{{- end }}
{{- else }}
{{- if $tls }}
- {name: tls, secret: {{ $v.tls.existingSecret }}, key: "", file: ""}
{{- if $v.tls.clientCa.existingSecret }}
- {name: client-ca, secret: {{ $v.tls.clientCa.existingSecret }}, key: {{ $v.tls.clientCa.key }}, file: ca.crt}
{{- end }}
{{- end }}
{{- if $v.internalKey.existingSecret }}
- {name: internal-key, secret: {{ $v.internalKey.existingSecret }}, key: {{ $v.internalKey.key }}, file: internal-key}
{{- end }}
{{- if $v.masterKeys.existingSecret }}
- {name: master-keys, secret: {{ $v.masterKeys.existingSecret }}, key: {{ $v.masterKeys.key }}, file: master-keys}
{{- end }}
{{- if $v.checkpointKey.existingSecret }}
{{- if eq .component "assignment" }}
- {name: checkpoint-key, secret: {{ $v.checkpointKey.existingSecret }}, key: {{ $v.checkpointKey.privateKey }}, file: key.pem}
{{- else if eq .component "intake" }}
- {name: checkpoint-key, secret: {{ $v.checkpointKey.existingSecret }}, key: {{ $v.checkpointKey.trustedKeys }}, file: key.pem}
{{- end }}
{{- end }}
{{- if and $v.mail.url (eq .component "resolution") }}
{{- if $v.mail.user }}
- {name: smtp, secret: {{ $v.mail.existingSecret }}, key: {{ $v.mail.secretKeys.password }}, file: password}
{{- end }}
{{- if $v.mail.ca.existingSecret }}
- {name: smtp-ca, secret: {{ $v.mail.ca.existingSecret }}, key: {{ $v.mail.ca.key }}, file: ca.crt}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The options about mail. */}}
{{- define "amends.mail.config" -}}
{{- $m := .Values.mail -}}
AMENDS_SMTP_URL: {{ $m.url | quote }}
AMENDS_MAIL_FROM: {{ $m.from | quote }}
{{- with $m.user }}
AMENDS_SMTP_USER: {{ . | quote }}
AMENDS_SMTP_PASSWORD_FILE: /etc/amends/smtp/password
{{- end }}
{{- if $m.ca.existingSecret }}
AMENDS_SMTP_CA: /etc/amends/smtp-ca/ca.crt
{{- end }}
{{- if $m.insecure }}
AMENDS_INSECURE_SMTP: "true"
{{- end }}
{{- with $m.timeoutMs }}
AMENDS_SMTP_TIMEOUT_MS: {{ int64 . | quote }}
{{- end }}
{{- end -}}

{{- define "amends.security.volumes" -}}
{{- range (include "amends.security.secrets" . | fromYamlArray) }}
- name: {{ .name }}
  secret:
    secretName: {{ .secret }}
    defaultMode: 0440
    {{- if .key }}
    items:
      - key: {{ .key }}
        path: {{ .file }}
    {{- end }}
{{- end }}
{{- if and .root.Values.front.enabled (ne .component "migration") }}
- name: front
  configMap:
    name: {{ include "amends.fullname" .root }}-front
{{- end }}
{{- end -}}

{{- define "amends.security.mounts" -}}
{{- range (include "amends.security.secrets" . | fromYamlArray) }}
- name: {{ .name }}
  mountPath: /etc/amends/{{ .name }}
  readOnly: true
{{- end }}
{{- end -}}

{{/* HAProxy before the service, in the same pod: docker/front. */}}
{{- define "amends.front.container" -}}
{{- $root := .root -}}
{{- $f := $root.Values.front -}}
- name: front
  image: {{ with $root.Values.global.imageRegistry | default $f.image.registry }}{{ . | trimSuffix "/" }}/{{ end }}{{ $f.image.repository }}:{{ $f.image.tag }}
  imagePullPolicy: {{ $root.Values.image.pullPolicy }}
  command:
    - haproxy
    - -W
    - -db
    - -f
    - /usr/local/etc/haproxy/haproxy.cfg
  env:
    - name: FRONT_LISTEN
      value: ":{{ int .settings.ports.grpc }}"
    - name: FRONT_CERTIFICATE
      value: /etc/amends/tls/tls.crt
    {{- range $service := list "INTAKE" "ASSIGNMENT" "RESOLUTION" }}
    - name: FRONT_{{ $service }}
      value: {{ include "amends.behindFront" $.settings | quote }}
    {{- end }}
    {{- if ne $root.Values.tls.clientCert "none" }}
    - name: FRONT_CLIENT_CA
      value: {{ include "amends.tls.clientCa" $root }}
    - name: FRONT_CLIENT_VERIFY
      value: {{ ternary "required" "optional" (eq $root.Values.tls.clientCert "required") }}
    {{- end }}
    {{- with $f.extraEnv }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  ports:
    - name: grpc
      containerPort: {{ int .settings.ports.grpc }}
      protocol: TCP
  {{- if gt (int .settings.drain.preStopSeconds) 0 }}
  lifecycle:
    preStop:
      sleep:
        seconds: {{ int .settings.drain.preStopSeconds }}
  {{- end }}
  resources:
    {{- toYaml $f.resources | nindent 4 }}
  securityContext:
    {{- include "amends.securityContext" $root | nindent 4 }}
  volumeMounts:
    - name: front
      mountPath: /usr/local/etc/haproxy
      readOnly: true
    - name: tls
      mountPath: /etc/amends/tls
      readOnly: true
    {{- if $root.Values.tls.clientCa.existingSecret }}
    - name: client-ca
      mountPath: /etc/amends/client-ca
      readOnly: true
    {{- end }}
{{- end -}}
