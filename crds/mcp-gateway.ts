import * as z from 'zod'
import { audit, auditOutput, gatewayFields, serversCap } from '../gateway/config/gateway.ts'
import { list } from '../gateway/config/kit.ts'
import { traits } from '../gateway/config/traits.ts'
import { egressCap, podsText } from './egress.ts'
import { kindOf } from './kind.ts'
import { acceptedColumn, ageColumn, statusFields } from './status.ts'
import { labels } from './labels.ts'
import { namespaceName, resourceName } from './names.ts'

const scraper = z
  .strictObject({
    namespace: namespaceName.describe('Namespace of the pods that may read the metrics.'),
    podLabels: labels.optional().describe('Only those pods of the namespace that carry all of these labels.'),
  })
  .register(traits, { text: ({ namespace, podLabels }) => podsText(namespace, podLabels) })

export const mcpGateway = kindOf({
  kind: 'MCPGateway',
  plural: 'mcpgateways',
  shortName: 'mcpgw',
  description:
    'How clients come in, for one namespace: public address, accepted hosts and origins, TLS, audit, and what its servers may be. Without one the built-in values hold.',
  nameRules: [
    {
      rule: "self.metadata.name == 'default'",
      message: 'the MCPGateway of a namespace must be called default',
      holds: name => name === 'default',
    },
  ],
  columns: [
    acceptedColumn,
    { name: 'URL', type: 'string', jsonPath: '.spec.publicUrl', description: 'Address under which clients come in.' },
    ageColumn,
  ],
  spec: z
    .strictObject({
      ...gatewayFields,
      audit: audit.safeExtend({ output: auditOutput }).optional().describe('The audit log.'),
      tls: z
        .strictObject({
          secretName: resourceName
            .describe('A Secret of type kubernetes.io/tls: its tls.crt and tls.key are served.')
            .register(traits, { combine: 'own' }),
        })
        .optional()
        .describe('TLS of the client port. Unset: plain HTTP.'),
      metrics: z
        .strictObject({
          scrapers: list(scraper, 16)
            .optional()
            .describe('Pods that may read the metrics. Unset: none.')
            .register(traits, { combine: 'union', cluster: true }),
        })
        .optional()
        .describe('The metrics port of the gateways, in a cluster.'),
      servers: serversCap
        .extend({ egress: egressCap.optional() })
        .optional()
        .describe('What the servers of this namespace may be.'),
    })
    .describe('How clients come in.'),
  status: z.strictObject(statusFields).describe('What is known of the gateway settings.'),
})

export type MCPGatewaySpec = z.infer<typeof mcpGateway.spec>
