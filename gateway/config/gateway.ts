import * as z from 'zod'
import { list } from './kit.ts'
import { traits } from './traits.ts'

/** A host name as it stands in a Host header: a name or address, with or without port. */
export const host = z
  .string()
  .min(1)
  .max(260)
  .regex(
    /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)(:[0-9]{1,5})?$/,
    'must be a host name or address, with or without a port',
  )

export const origin = z
  .string()
  .max(300)
  .regex(/^[a-z][a-z0-9+.-]*:\/\/[^/\s?#]+$/, 'must be an origin: scheme://host[:port]')

const isNetwork = (text: string): boolean =>
  !/[/:]/.test(text) || [z.ipv6(), z.cidrv4(), z.cidrv6()].some(schema => schema.safeParse(text).success)

const networkMessage = 'must be a CIDR (10.0.0.0/8), an address, or a name (*.internal.example)'

/** An address range or a name pattern that servers given by url may be dialled at. */
export const network = z
  .string()
  .min(1)
  .max(253)
  .regex(/^([0-9a-fA-F:.]+(\/[0-9]{1,3})?|(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?)$/, networkMessage)
  .refine(isNetwork, networkMessage)
  .meta({
    'x-kubernetes-validations': [
      { rule: "!(self.contains('/') || self.contains(':')) || isIP(self) || isCIDR(self)", message: networkMessage },
    ],
  })

/** MCPGateway.spec.audit */
export const audit = z.strictObject({
  onFailure: z
    .enum(['Refuse', 'Drop'])
    .optional()
    .describe(
      'What happens when audit lines cannot be written: Refuse (the default) lets no call through, Drop counts the lost lines.',
    )
    .register(traits, { combine: 'stricter', unset: 'Refuse' }),
})

/** MCPGateway.spec.audit.output: a matter of the pod, which the gateway learns by a flag. */
export const auditOutput = z
  .enum(['Stdout', 'File'])
  .optional()
  .describe(
    'In a cluster, where the gateways write audit lines. Stdout (the default): standard output, which the platform collects, and which everyone can read who may read pods/log. File: files in a volume of the pod that are rotated, at most 100 MiB, and go with the pod. What the MCPGateway of the operator says holds for all namespaces. "bartizan run" always writes a file.',
  )
  .register(traits, { combine: 'floor', unset: 'Stdout', cluster: true })

/** MCPGateway.spec.limits */
export const limits = z.strictObject({
  maxConnections: z
    .int()
    .min(16)
    .max(1_000_000)
    .optional()
    .describe(
      'Connections of clients that a gateway holds at once; an eighth of them, at most 64, is kept for the operator and for those who were not let in yet. Unset: as many as fit into half of its memory limit at 45 KB each, with TLS at 120 KB.',
    )
    .register(traits, { combine: 'smaller' }),
  maxConnectionsPerIp: z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe(
      'Connections from one address, or from one network of 64 bits of IPv6. Unset: in a cluster no limit, since an ingress comes from one address; standalone 256.',
    )
    .register(traits, { combine: 'smaller' }),
})

/** Fields that MCPGateway shares with the gateway's configuration. */
export const gatewayFields = {
  publicUrl: z
    .url({ protocol: /^https?$/ })
    .max(2048)
    .regex(
      /^https?:\/\/[^\s/@?#]+(\/[^\s?#]*)?$/,
      'must be an http or https address without user, password, query or fragment',
    )
    .optional()
    .describe(
      'The address under which clients reach the gateway. Its host is accepted, and status and client configurations show it.',
    )
    .register(traits, { combine: 'own' }),
  hosts: list(host, 64)
    .optional()
    .describe('Further host names that are accepted in the Host header.')
    .register(traits, { combine: 'union' }),
  origins: list(origin, 64)
    .optional()
    .describe('Origins of web pages that may call. Requests without an Origin are not concerned.')
    .register(traits, { combine: 'union' }),
  audit: audit.optional().describe('The audit log.'),
  limits: limits.optional().describe('How much of itself the gateway gives to clients.'),
}

/** MCPGateway.spec.servers: what servers given by url may be. */
export const serversCap = z.strictObject({
  allowedNetworks: list(network, 128)
    .optional()
    .describe(
      'Address ranges and names beyond the private ranges that a server url may point to. Standalone, 127.0.0.0/8 and ::1 stand here when they are wanted.',
    )
    .register(traits, { combine: 'within', unset: [] }),
})
