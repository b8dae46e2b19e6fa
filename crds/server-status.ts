import * as z from 'zod'
import { list } from '../gateway/config/kit.ts'
import { statusFields } from './status.ts'

const inForce = z.strictObject({
  field: z.string().max(256).describe('What is set, such as timeouts.request or tools.dangerousPatterns.'),
  value: z.string().max(1024).describe('The value that holds.'),
  origin: z
    .string()
    .max(1024)
    .describe('Where it comes from: built-in, or kind and name of the object, with its namespace if that is another.'),
})

const tools = z.strictObject({
  count: z.int().min(0).describe('Number of tools that callers may see.'),
  inventory: z.string().max(128).describe('Changes when a name or a definition of a tool changes.'),
  names: list(z.string().max(128), 50).describe('Names of the tools, in order; the first 50.'),
})

const gateway = z.strictObject({
  wanted: z.string().max(128).describe('Hash of the configuration that every gateway is to run.'),
  pods: list(
    z.strictObject({
      pod: z.string().max(253).describe('Name of the pod.'),
      ready: z.boolean().describe('Whether the pod gets calls.'),
      hash: z
        .string()
        .max(128)
        .optional()
        .describe('Hash of the configuration that its gateway runs, as it signed it.'),
      problem: z.string().max(512).optional().describe('Why it does not run the wanted one.'),
      otherContainers: list(z.string().max(63), 16)
        .optional()
        .describe('Containers of the pod that its Deployment does not ask for: of a mesh, or of kubectl debug.'),
    }),
    20,
  ).describe('What was observed, pod by pod; those with a problem first, at most 20.'),
})

const serverInfo = z.strictObject({
  name: z.string().max(256).describe('Name that the server gives itself.'),
  version: z.string().max(256).describe('Version that the server gives itself.'),
})

/** MCPServer.status */
export const serverStatus = z
  .strictObject({
    ...statusFields,
    phase: z
      .enum(['Provisioning', 'Healthy', 'Degraded', 'Unhealthy', 'Stopped', 'Failed'])
      .optional()
      .describe('The state in one word; conditions say more. Not set until the server was observed.'),
    url: z.string().max(2048).optional().describe('Address for clients.'),
    replicas: z.int().min(0).max(1000).optional().describe('Number of pods that exist.'),
    readyReplicas: z.int().min(0).max(1000).optional().describe('Number of pods that get calls.'),
    selector: z.string().max(256).optional().describe('Selects the pods, for the scale subresource.'),
    auth: z
      .string()
      .max(64)
      .optional()
      .describe('How callers show who they are; None means that no caller can get in.'),
    guard: z
      .string()
      .max(64)
      .optional()
      .describe('What the policies come to: Enforced, Audited, None, or Refused while every call is refused.'),
    tools: tools.optional().describe('The tools, as the last handshake showed them.'),
    gateway: gateway.optional().describe('The configuration of the gateways: wanted and observed.'),
    serverInfo: serverInfo.optional().describe('What the server says of itself.'),
    revisions: list(z.string().max(32), 8).optional().describe('Revisions of the protocol that were spoken.'),
    notes: list(z.string().max(512), 8).optional().describe('What one should know although nothing is wrong.'),
    inForce: list(inForce, 256).optional().describe('The settings that hold, each with its origin.'),
  })
  .describe('What is known of the server.')

export type InForce = z.infer<typeof inForce>
