import * as z from 'zod'
import { duration, list, oneOf, serverName } from './kit.ts'
import { serverGuardrails } from './guardrails.ts'
import { serverTools } from './tools.ts'

/** MCPServer.spec.healthCheck */
export const healthCheck = z.strictObject({
  path: z
    .string()
    .max(1024)
    // What begins with two slashes, or with a slash and a backslash, would name another host.
    .regex(/^\/([^\s/\\][^\s]*)?$/, 'must be an absolute path that begins with one slash')
    .optional()
    .describe('HTTP path that answers 2xx or 3xx while the server is well. Unset: an MCP ping is sent instead.'),
  interval: duration.optional().describe('Time between two checks. Default 30s.'),
  timeout: duration.optional().describe('Time after which a check has failed. Default 5s.'),
  failureThreshold: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe('Failed checks in a row after which the server is unhealthy. Default 3.'),
})

/** MCPServer.spec.timeouts */
export const timeouts = z.strictObject({
  request: duration
    .optional()
    .describe(
      'The longest that one request may take until its final answer. Default 300s. Streams without a request are not bound by it.',
    ),
  idle: duration
    .optional()
    .describe('The longest silence of the server while a request waits; every byte starts it again. Default 60s.'),
})

/** What holds where an MCPServer says nothing. */
export const defaultTimeouts = { request: '300s', idle: '60s' } as const
export const defaultHealthCheck = { interval: '30s', timeout: '5s', failureThreshold: 3 } as const

/** An environment variable of a child process. The value of a secret is read from a file, never written here. */
export const envVar = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(256)
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable'),
  value: z.string().max(32_768).optional().describe('The value itself.'),
  file: z.string().min(1).max(1024).optional().describe('The file that holds the value.'),
})

/** Where the gateway finds the server. */
export const upstream = oneOf({
  http: z.strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .max(2048)
      .describe('Address of the MCP endpoint (Streamable HTTP).'),
    pod: z
      .boolean()
      .optional()
      .describe('The server runs in the same pod: loopback is its address, and no other is dialled.'),
  }),
  stdio: z.strictObject({
    command: list(z.string().max(4096), 64).min(1).describe('Program and first arguments.'),
    args: list(z.string().max(32_768), 256).optional(),
    env: list(envVar, 256).optional().describe('The whole environment of the child, but for PATH and HOME.'),
  }),
})

/** One server in the gateway's configuration. */
export const server = z.strictObject({
  name: serverName,
  upstream,
  stopped: z.boolean().optional(),
  /** Set when the server's own object never compiled: every call is refused with this text. */
  refused: z.string().max(4096).optional(),
  timeouts: timeouts.optional(),
  healthCheck: healthCheck.optional(),
  tools: serverTools,
  guardrails: serverGuardrails,
})

export type Server = z.infer<typeof server>
export type Upstream = z.infer<typeof upstream>
export type HealthCheck = z.infer<typeof healthCheck>
