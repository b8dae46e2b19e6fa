import * as z from 'zod'
import { gatewayFields, host, network } from './gateway.ts'
import { keysFile, type KeysFile } from './keys.ts'
import { list, secretFile } from './kit.ts'
import { server } from './servers.ts'

/** The number of the contract between operator and gateway. The operator writes a rendering for each number that is still running, N to N-2. */
export const schemaNumber = 1

/** The gateway's configuration: everything but the keys. Its root is its own; a kind embeds fragments, never this. */
export const gatewayConfig = z.strictObject({
  schema: z.literal(schemaNumber),
  /** Who this gateway belongs to, for logs and audit: namespace and name, or `standalone`. */
  name: z.string().min(1).max(512),
  ...gatewayFields,
  /** What MCPGateway.spec.hosts names, and in a cluster the names of the Service. */
  hosts: list(host, 80).optional(),
  tls: z.strictObject({ cert: secretFile, key: secretFile }).optional(),
  allowedNetworks: list(network, 128),
  servers: list(server, 2048),
})

export type GatewayConfig = z.infer<typeof gatewayConfig>
export type { KeysFile }

/** One thing that is wrong, with the place where it stands. */
export type Issue = {
  readonly path: string
  readonly message: string
  /** `GatewayOutdated`: the file comes only in schema numbers that this gateway does not know. */
  readonly reason?: 'GatewayOutdated'
}

export type Parsed<T> = { readonly value: T } | { readonly issues: readonly Issue[] }

const pathOf = (path: readonly PropertyKey[]): string =>
  path
    .map((part, at) => (typeof part === 'number' ? `[${part}]` : at === 0 ? String(part) : `.${String(part)}`))
    .join('')

/** The issues of a zod error, an unknown key with its own path, so that each names the very place. */
export const issuesOf = (error: z.ZodError): Issue[] =>
  error.issues.flatMap(issue =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map(key => ({ path: pathOf([...issue.path, key]), message: 'unknown field' }))
      : [{ path: pathOf(issue.path), message: issue.message }],
  )

function parse<T extends z.ZodType>(schema: T, text: string): Parsed<z.infer<T>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { issues: [{ path: '', message: `not JSON: ${(error as Error).message}` }] }
  }
  const result = schema.safeParse(value)
  return result.success ? { value: result.data } : { issues: issuesOf(result.error) }
}

/** Reads the text of `gateway.json`. Strict: an unknown key is an error. */
export const parseGatewayConfig = (text: string): Parsed<GatewayConfig> => parse(gatewayConfig, text)

/** Reads the text of `keys.json`. */
export const parseKeysFile = (text: string): Parsed<KeysFile> => parse(keysFile, text)
