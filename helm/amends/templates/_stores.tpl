{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{/*
PostgreSQL by parts, through libpq's own environment: no value needs quoting or URL encoding, and the password is not among
them, because what is in the environment shows up in dumps and child processes.
*/}}
{{- define "amends.postgresql.env" -}}
{{- $pg := .Values.postgresql -}}
{{- $parts := list (list "PGHOST" "host" $pg.host) (list "PGPORT" "port" $pg.port) (list "PGDATABASE" "database" $pg.database) (list "PGUSER" "user" $pg.user) -}}
{{- range $parts }}
- name: {{ index . 0 }}
{{- with get $pg.secretKeys (index . 1) }}
  valueFrom:
    secretKeyRef:
      name: {{ $pg.existingSecret }}
      key: {{ . }}
{{- else }}
  value: {{ index . 2 | toString | quote }}
{{- end }}
{{- end }}
- name: PGSSLMODE
  value: {{ $pg.sslmode }}
- name: PGTARGETSESSIONATTRS
  value: {{ $pg.targetSessionAttrs }}
{{- if $pg.ca.existingSecret }}
- name: PGSSLROOTCERT
  value: /etc/amends/postgresql-ca/ca.crt
{{- else if $pg.ca.system }}
- name: PGSSLROOTCERT
  value: system
{{- end }}
{{- if $pg.existingSecret }}
- name: AMENDS_PG_PASSWORD_FILE
  value: /etc/amends/postgresql/password
{{- end }}
{{- end -}}

{{/* A non-root process reads Secret files through the pod's fsGroup, hence 0440. */}}
{{- define "amends.postgresql.volumes" -}}
{{- $pg := .Values.postgresql -}}
{{- if $pg.existingSecret }}
- name: postgresql
  secret:
    secretName: {{ $pg.existingSecret }}
    defaultMode: 0440
    items:
      - key: {{ $pg.secretKeys.password }}
        path: password
{{- end }}
{{- if $pg.ca.existingSecret }}
- name: postgresql-ca
  secret:
    secretName: {{ $pg.ca.existingSecret }}
    defaultMode: 0444
    items:
      - key: {{ $pg.ca.key }}
        path: ca.crt
{{- end }}
{{- end -}}

{{- define "amends.postgresql.mounts" -}}
{{- if .Values.postgresql.existingSecret }}
- name: postgresql
  mountPath: /etc/amends/postgresql
  readOnly: true
{{- end }}
{{- if .Values.postgresql.ca.existingSecret }}
- name: postgresql-ca
  mountPath: /etc/amends/postgresql-ca
  readOnly: true
{{- end }}
{{- end -}}

{{- define "amends.redis.url" -}}
{{- $r := .Values.redis -}}
{{ ternary "rediss" "redis" $r.tls.enabled }}://{{ with $r.user }}{{ . }}@{{ end }}{{ $r.host }}:{{ int $r.port }}/{{ int $r.database }}
{{- end -}}

{{- define "amends.redis.hasSecret" -}}
{{- if and .Values.redis.enabled .Values.redis.existingSecret -}}true{{- end -}}
{{- end -}}

{{- define "amends.redis.volumes" -}}
{{- if include "amends.redis.hasSecret" . }}
- name: redis
  secret:
    secretName: {{ .Values.redis.existingSecret }}
    defaultMode: 0440
    items:
      - key: {{ .Values.redis.secretKeys.password }}
        path: password
{{- end }}
{{- if and .Values.redis.enabled .Values.redis.tls.ca.existingSecret }}
- name: redis-ca
  secret:
    secretName: {{ .Values.redis.tls.ca.existingSecret }}
    defaultMode: 0444
    items:
      - key: {{ .Values.redis.tls.ca.key }}
        path: ca.crt
{{- end }}
{{- if and .Values.redis.enabled .Values.redis.tls.client.existingSecret }}
- name: redis-client
  secret:
    secretName: {{ .Values.redis.tls.client.existingSecret }}
    defaultMode: 0440
{{- end }}
{{- end -}}

{{/* TLS to Redis. Secrets made by cert-manager have tls.crt and tls.key. */}}
{{- define "amends.redis.tls" -}}
{{- if .Values.redis.tls.ca.existingSecret }}
AMENDS_REDIS_TLS_CA: /etc/amends/redis-ca/ca.crt
{{- end }}
{{- if .Values.redis.tls.client.existingSecret }}
AMENDS_REDIS_TLS_CERT: /etc/amends/redis-client/tls.crt
AMENDS_REDIS_TLS_KEY: /etc/amends/redis-client/tls.key
{{- end }}
{{- end -}}

{{- define "amends.redis.mounts" -}}
{{- if include "amends.redis.hasSecret" . }}
- name: redis
  mountPath: /etc/amends/redis
  readOnly: true
{{- end }}
{{- if and .Values.redis.enabled .Values.redis.tls.ca.existingSecret }}
- name: redis-ca
  mountPath: /etc/amends/redis-ca
  readOnly: true
{{- end }}
{{- if and .Values.redis.enabled .Values.redis.tls.client.existingSecret }}
- name: redis-client
  mountPath: /etc/amends/redis-client
  readOnly: true
{{- end }}
{{- end -}}
