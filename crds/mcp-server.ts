import * as z from 'zod'
import { list, serverName } from '../gateway/config/kit.ts'
import { envVar, healthCheck, serverFields, timeouts } from '../gateway/config/servers.ts'
import { toolPolicy } from '../gateway/config/tools.ts'
import { durationBetween } from './duration.ts'
import { egress } from './egress.ts'
import { kindOf } from './kind.ts'
import { resourceName, secretKey } from './names.ts'
import { resources } from './resources.ts'
import { rule } from './rule.ts'
import { serverColumns } from './server-columns.ts'
import { serverStatus } from './server-status.ts'

/** Ports of the gateway in the same pod: client, admin, metrics. */
export const reservedPorts = [18_080, 18_081, 9090] as const

const port = rule(
  z.int().min(1).max(65_535),
  {
    rule: `!(self in [${reservedPorts.join(', ')}])`,
    message: `ports ${reservedPorts.join(', ')} belong to the gateway`,
  },
  value => !(reservedPorts as readonly number[]).includes(value),
)

const secretUse = rule(
  z.strictObject({
    name: resourceName.describe('Name of the Secret, in the namespace of the server.'),
    envVar: envVar.shape.name.optional().describe('Environment variable of the server that gets the value.'),
    mountPath: z
      .string()
      .max(1024)
      .regex(/^\/[^:\s/][^:\s]*$/, 'must be an absolute path below /')
      .optional()
      .describe('Folder of the container in which the keys of the Secret appear as files. Only with image.'),
    key: secretKey
      .optional()
      .describe(
        'Which key of the Secret is meant. Unset: for envVar its only key, or else the key named like the variable; for mountPath all of them.',
      ),
  }),
  { rule: 'has(self.envVar) || has(self.mountPath)', message: 'say where the secret goes: set envVar or mountPath' },
  value => value.envVar !== undefined || value.mountPath !== undefined,
)

const check = healthCheck.extend({
  path: healthCheck.shape.path.describe(
    'HTTP path that answers 2xx or 3xx while the server is well. In a cluster the kubelet asks it as well, at the address of the pod, and starts a server anew that fails failureThreshold times. Unset: the gateway sends an MCP ping instead.',
  ),
  interval: durationBetween('100ms', '24h').optional().describe(healthCheck.shape.interval.description!),
  timeout: durationBetween('100ms', '10m').optional().describe(healthCheck.shape.timeout.description!),
})

const waiting = timeouts.extend({
  request: durationBetween('100ms', '24h').optional().describe(timeouts.shape.request.description!),
  idle: durationBetween('100ms', '24h').optional().describe(timeouts.shape.idle.description!),
})

const shownTools = rule(
  toolPolicy,
  {
    rule: "self.mode == 'allowlist' || !has(self.allowedTools)",
    message: 'allowedTools needs mode: allowlist',
  },
  value => value.mode === 'allowlist' || value.allowedTools === undefined,
)

/** What the gateway takes as it is; those above are bounded more narrowly here. */
const { healthCheck: _, timeouts: __, ...furtherFields } = serverFields

const fields = z.strictObject({
  image: z
    .string()
    .min(1)
    .max(512)
    .regex(/^[^\s]+$/, 'must be the name of a container image')
    .optional()
    .describe('Container image of the server. It is run beside its gateway, and nothing else can reach it.'),
  url: z
    .url({ protocol: /^https?$/ })
    .max(2048)
    .regex(
      /^https?:\/\/[^\s/@?#]+([/?][^\s#]*)?$/,
      'must be an http or https address without user, password or fragment',
    )
    .optional()
    .describe(
      'MCP endpoint of a server that runs elsewhere. Its address must lie in private ranges or in the allowedNetworks of the MCPGateway.',
    ),
  command: list(z.string().max(4096), 64)
    .min(1)
    .optional()
    .describe(
      'Program to run, in place of that of the image. Without image or url: a child process of "bartizan run".',
    ),
  args: list(z.string().max(32_768), 256).optional().describe('Arguments of the program.'),
  env: list(
    z.strictObject({
      name: envVar.shape.name.describe('Name of the variable.'),
      value: z.string().max(32_768).describe('Its value. Secrets do not belong here, but under secrets.'),
    }),
    256,
  )
    .optional()
    .describe('Environment of the server.')
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] }),
  secrets: list(secretUse, 20).optional().describe('Secrets of the same namespace that the server gets.'),
  imagePullSecrets: list(
    z.strictObject({ name: resourceName.describe('Name of a Secret of type kubernetes.io/dockerconfigjson.') }),
    4,
  )
    .optional()
    .describe('Secrets of the same namespace with which the image is pulled.')
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] }),
  resources: resources.optional().describe('Processor time and memory of the container.'),
  replicas: z
    .int()
    .min(0)
    .max(100)
    .optional()
    .describe('Number of pods, in a cluster: 1 unless it is set here or by "kubectl scale". 0 is as good as stopped.'),
  egress: list(egress, 32)
    .optional()
    .describe(
      'What the pod may reach, in a cluster. Unset: nothing but the url itself. The server shares the network of its guard, so the guard may reach it, too.',
    ),
  transport: z
    .enum(['StreamableHTTP', 'Stdio'])
    .optional()
    .describe(
      'How the server talks. Unset: StreamableHTTP with image or url, Stdio with command alone. Stdio with image is not supported yet.',
    ),
  port: port.optional().describe('Port on which the container serves MCP. Unset: 8080.'),
  path: healthCheck.shape.path.describe('Path of the MCP endpoint in the container. Unset: /mcp.'),
  stopped: z.boolean().optional().describe('true stops the server: no pod, and every call is refused.'),
  healthCheck: check.optional().describe('How the gateway finds out whether the server is well.'),
  timeouts: waiting.optional().describe('How long the gateway waits for the server.'),
  toolPolicy: shownTools.optional(),
  ...furtherFields,
})

type Fields = z.infer<typeof fields>

const one = rule(
  fields,
  {
    rule: '!(has(self.image) && has(self.url)) && (has(self.image) || has(self.url) || has(self.command))',
    message: 'set exactly one of image and url, or command alone (a child process, standalone only)',
  },
  (value: Fields) =>
    !(value.image !== undefined && value.url !== undefined) &&
    (value.image !== undefined || value.url !== undefined || value.command !== undefined),
)

const notWithUrl = ['command', 'args', 'env', 'secrets'] as const
const onlyWithImage = ['resources', 'port', 'path', 'imagePullSecrets'] as const

const run = rule(
  one,
  {
    rule: `!has(self.url) || !(${notWithUrl.map(name => `has(self.${name})`).join(' || ')})`,
    message: `${notWithUrl.join(', ')} belong to a server that is run here, not to a url`,
  },
  value => value.url === undefined || notWithUrl.every(name => value[name] === undefined),
)

const contained = rule(
  run,
  {
    rule: `has(self.image) || !(${onlyWithImage.map(name => `has(self.${name})`).join(' || ')})`,
    message: `${onlyWithImage.join(', ')} need image`,
  },
  value => value.image !== undefined || onlyWithImage.every(name => value[name] === undefined),
)

const mounted = rule(
  contained,
  {
    rule: 'has(self.image) || !has(self.secrets) || self.secrets.all(s, !has(s.mountPath))',
    message: 'secrets[].mountPath needs image: a child process gets its secrets by envVar',
  },
  value => value.image !== undefined || (value.secrets ?? []).every(secret => secret.mountPath === undefined),
)

const checked = rule(
  mounted,
  {
    rule: 'has(self.image) || has(self.url) || !has(self.healthCheck) || !has(self.healthCheck.path)',
    message: 'healthCheck.path needs image or url: a child process is asked by an MCP ping',
  },
  value => value.image !== undefined || value.url !== undefined || value.healthCheck?.path === undefined,
)

const spoken = rule(
  checked,
  {
    rule: "!has(self.url) || !has(self.transport) || self.transport != 'Stdio'",
    message: 'transport Stdio needs command: a url is spoken to over HTTP',
  },
  value => value.url === undefined || value.transport !== 'Stdio',
)

const maxName = 46

export const mcpServer = kindOf({
  kind: 'MCPServer',
  plural: 'mcpservers',
  shortName: 'mcps',
  description: 'One MCP server: what to run or where it is, which of its tools are shown, its health and its limits.',
  nameRules: [
    {
      rule: `self.metadata.name.size() <= ${maxName}`,
      message: `the name must have at most ${maxName} characters, so that the names of its objects fit`,
      holds: name => name.length <= maxName,
    },
    {
      rule: "self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",
      message: 'the name must be a lowercase DNS label: letters, digits and "-"',
      holds: name => name.length > maxName || serverName.safeParse(name).success,
    },
  ],
  columns: serverColumns,
  scale: { replicas: 1 },
  spec: spoken.describe('What to run or where it is, and how to treat it.'),
  status: serverStatus,
})

export type MCPServerSpec = z.infer<typeof mcpServer.spec>
