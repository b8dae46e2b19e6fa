import { errors, type ErrorCode } from '../gateway/errors.ts'
import { acceptedCredentials, textFor } from '../gateway/auth/accepted.ts'
import { apiKey } from '../gateway/auth/keys.ts'
import type { Finding } from '../gateway/exchange.ts'
import type { AuditLine } from './audit-chain.ts'
import { printable } from '../gateway/config/printable.ts'

/** What a reader of the audit log can do about a refusal, where there is one thing to do. */
const advice: { readonly [C in ErrorCode]?: string } = {
  HostNotAllowed: 'add the host to MCPGateway.spec.hosts, or call the gateway by its own name',
  OriginNotAllowed: 'add the origin to MCPGateway.spec.origins',
  Unauthenticated: 'send a key; "bartizan keys create NAME --servers ..." makes one',
  KeyExpired: 'make a new key, or move APIKey.spec.expiresAt',
  KeyRevoked: 'make a new key; a revoked one stays refused',
  NoAuthentication: 'make a key with "bartizan keys create" and put its manifest among the files',
  InsufficientScope: 'add gateway:execute to APIKey.spec.scopes',
  ServerNotAllowed: 'add the server to APIKey.spec.allowedServers',
  ServerStopped: 'take MCPServer.spec.stopped away',
  ToolNotAllowed: 'look at MCPServer.spec.toolPolicy and at APIKey.spec.allowedTools',
  ToolNotApproved: 'list the tool in GuardrailPolicy.spec.tools.approved: [{server, tool}]',
  GuardrailBlocked: 'the findings name the GuardrailPolicy and its rule',
  ConfigurationRefused: '"bartizan lint" says what is wrong with the manifests',
  UpstreamAddressRefused: 'add the range to MCPGateway.spec.servers.allowedNetworks',
  UpstreamUnreachable: 'see whether the server runs, and MCPServer.spec.url or command',
  UpstreamTimeout: 'see the server, or raise MCPServer.spec.timeouts',
}

/** A member of a line as text. */
export const word = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : ''

const isCode = (code: string): code is ErrorCode => Object.hasOwn(errors, code)

function headline(line: AuditLine): string {
  const code = word(line['code'])
  const status = line['status'] === undefined ? '' : ` (HTTP ${word(line['status'])})`
  if (line.verdict === 'allow') return `let through${status}`
  return code === '' ? `refused${status}` : `refused: ${code}${status}`
}

function call(line: AuditLine): string {
  const parts = [word(line['method']) || line.event_type, word(line['tool'])].filter(part => part !== '')
  return line['server'] === undefined ? parts.join(' ') : `${parts.join(' ')} on server ${word(line['server'])}`
}

/** What callers show; a line does not say which. */
const accepted = acceptedCredentials([apiKey])

function why(line: AuditLine): string {
  const code = word(line['code'])
  const said = isCode(code) ? textFor(errors[code].text, accepted) : ''
  const detail = word(line['detail'])
  const stage = word(line['stage'])
  return [said, detail && `${stage ? `${stage}: ` : ''}${detail}`].filter(part => part !== '').join(' ')
}

/** A finding as it stands in a line: one that was seen more often than once has a count. */
type Counted = Finding & { readonly count?: number }

function finding({ detector, rule, channel, policy, action, mode, count }: Counted): string {
  const act = mode === 'Audit' ? `${action} (recorded only)` : action
  return `${detector} ${rule} in ${channel}: ${act}, by ${policy}${count === undefined ? '' : `, ${count} times`}`
}

/** Of more findings than a line shows. */
function found(line: AuditLine, shown: readonly Counted[]): string {
  const total = line['findings_total']
  const named = shown.reduce((sum, { count = 1 }) => sum + count, 0)
  return typeof total === 'number' && total > named ? `${total} altogether, ${named} of them named here` : ''
}

const rowsText = (headline: string, rows: readonly (readonly [string, string])[]): string => {
  const body = rows
    .filter(([, text]) => text.trim() !== '')
    .map(([name, text]) => `  ${name.padEnd(8)}${printable(text)}\n`)
  return `${printable(headline)}\n${body.join('')}`
}

/** A refusal of a caller who was not known, as a sum of refusals has it. */
type Sample = { readonly decision?: unknown; readonly time?: unknown; readonly client?: unknown } & Readonly<
  Record<string, unknown>
>

const samplesOf = (line: AuditLine): readonly Sample[] =>
  Array.isArray(line['samples']) ? (line['samples'] as Sample[]) : []

/** The line of a sum, for people. `decision` may be the sum's own, that of a sample, or one that has no line of its own. */
export function describeSum(line: AuditLine, decision: string, where: string): string {
  const code = word(line['code'])
  const count = word(line['count'])
  const sample = samplesOf(line).find(one => one.decision === decision)
  const clients = Array.isArray(line['clients']) ? (line['clients'] as unknown[]).map(word) : []
  const more = line['clients_total'] === undefined ? '' : `, ${word(line['clients_total'])} altogether`
  const times = `from ${word(line['first_time'])} to ${word(line['last_time'])}`
  const summed =
    sample || decision === line.decision
      ? `${count} such refusals before authentication, ${times}`
      : `it has no line of its own in this log: ${count} refusals before authentication were added up, ${times}`
  return rowsText(`${decision}  ${sample ? headline(line) : `summed: ${code}`}`, [
    ['time', word(sample?.time)],
    ['caller', sample ? `unknown, from ${word(sample.client)}` : `addresses: ${clients.join(', ')}${more}`],
    ['call', word(sample?.['method'])],
    ['why', sample ? why({ ...line, detail: sample['detail'] }) : why(line)],
    ['summed', summed],
    [
      'others',
      samplesOf(line)
        .map(one => word(one.decision))
        .filter(id => id !== decision)
        .join(', '),
    ],
    ['to do', isCode(code) ? (advice[code] ?? '') : ''],
    ['line', where],
  ])
}

/** A line that says how many were lost, for people: `decision` may be one of them. */
export const describeLost = (line: AuditLine, decision: string, where: string): string =>
  rowsText(`${decision}  lost: the log could not be written`, [
    ['why', `${word(line['count'])} lines were lost, from ${word(line['first_time'])} to ${word(line['last_time'])}`],
    ['line', where],
  ])

/** One audit line for people. `where` says where it stands in the log and whether it can be trusted. */
export function describeDecision(line: AuditLine, where: string): string {
  const code = word(line['code'])
  const findings = Array.isArray(line['findings']) ? (line['findings'] as Counted[]) : []
  const rows: [string, string][] = [
    ['time', line.time],
    [
      'caller',
      [word(line['principal']) || 'unknown', word(line['client']) && `from ${word(line['client'])}`].join(' '),
    ],
    ['call', call(line)],
    ['why', why(line)],
    ...findings.map((one): [string, string] => ['found', finding(one)]),
    ['found', found(line, findings)],
    ['to do', isCode(code) ? (advice[code] ?? '') : ''],
    ['line', where],
  ]
  return rowsText(`${line.decision}  ${headline(line)}`, rows)
}
