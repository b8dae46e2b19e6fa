import { errors, type ErrorCode } from '../gateway/errors.ts'
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

const word = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')

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

function why(line: AuditLine): string {
  const code = word(line['code'])
  const said = isCode(code) ? errors[code].text : ''
  const detail = word(line['detail'])
  const stage = word(line['stage'])
  return [said, detail && `${stage ? `${stage}: ` : ''}${detail}`].filter(part => part !== '').join(' ')
}

function finding({ detector, rule, channel, policy, action, mode }: Finding): string {
  const act = mode === 'Audit' ? `${action} (recorded only)` : action
  return `${detector} ${rule} in ${channel}: ${act}, by ${policy}`
}

/** One audit line for people. `where` says where it stands in the log and whether it can be trusted. */
export function describeDecision(line: AuditLine, where: string): string {
  const code = word(line['code'])
  const findings = Array.isArray(line['findings']) ? (line['findings'] as Finding[]) : []
  const rows: [string, string][] = [
    ['time', line.time],
    [
      'caller',
      [word(line['principal']) || 'nobody known', word(line['client']) && `from ${word(line['client'])}`].join(' '),
    ],
    ['call', call(line)],
    ['why', why(line)],
    ...findings.map((one): [string, string] => ['found', finding(one)]),
    ['to do', isCode(code) ? (advice[code] ?? '') : ''],
    ['line', where],
  ]
  const body = rows
    .filter(([, text]) => text.trim() !== '')
    .map(([name, text]) => `  ${name.padEnd(8)}${printable(text)}\n`)
  return `${printable(`${line.decision}  ${headline(line)}`)}\n${body.join('')}`
}
