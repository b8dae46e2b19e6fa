import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A write that an API server was asked for. */
export type Asked = {
  readonly who: string
  readonly verb: string
  readonly resource: string
  readonly namespace: string
  readonly name: string
  /** Status of the answer. */
  readonly code: number
  /** When the request arrived: milliseconds since 1970. */
  readonly at: number
}

type AuditEntry = {
  user: { username: string }
  verb: string
  objectRef?: { resource?: string; namespace?: string; name?: string; subresource?: string }
  responseStatus?: { code?: number }
  requestReceivedTimestamp: string
}

/** The audit log of an API server: who asked for which write, also of those that were refused. */
export class AuditLog {
  readonly #path: string
  /** For kube-apiserver. */
  readonly flags: readonly string[]

  /** @param folder where the policy and the log are kept */
  constructor(folder: string) {
    const policy = join(folder, 'audit-policy.json')
    this.#path = join(folder, 'audit.log')
    this.flags = [`--audit-policy-file=${policy}`, `--audit-log-path=${this.#path}`]
    const verbs = ['create', 'update', 'patch', 'delete', 'deletecollection']
    writeFileSync(
      policy,
      JSON.stringify({
        apiVersion: 'audit.k8s.io/v1',
        kind: 'Policy',
        // One line for each request, written before its answer is sent.
        omitStages: ['RequestReceived'],
        rules: [{ level: 'Metadata', verbs }, { level: 'None' }],
      }),
    )
  }

  /** Everything that has been answered so far, in that order. */
  writes(): Asked[] {
    const lines = readFileSync(this.#path, 'utf8').split('\n')
    return lines.filter(line => line !== '').map(line => askedOf(JSON.parse(line) as AuditEntry))
  }
}

const askedOf = ({ user, verb, objectRef, responseStatus, requestReceivedTimestamp }: AuditEntry): Asked => ({
  who: user.username,
  verb,
  resource: [objectRef?.resource, objectRef?.subresource].filter(part => part !== undefined).join('/'),
  namespace: objectRef?.namespace ?? '',
  name: objectRef?.name ?? '',
  code: responseStatus?.code ?? 0,
  at: Date.parse(requestReceivedTimestamp),
})
