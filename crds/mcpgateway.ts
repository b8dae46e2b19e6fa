import * as z from 'zod'
import { gatewayFields, serversCap } from '../gateway/config/gateway.ts'
import { kindOf } from './kind.ts'
import { acceptedColumn, ageColumn, statusFields } from './status.ts'
import { resourceName } from './names.ts'

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
      tls: z
        .strictObject({
          secretName: resourceName.describe('A Secret of type kubernetes.io/tls: its tls.crt and tls.key are served.'),
        })
        .optional()
        .describe('TLS of the client port. Unset: plain HTTP.'),
      servers: serversCap.optional().describe('What the servers of this namespace may be.'),
    })
    .describe('How clients come in.'),
  status: z.strictObject(statusFields).describe('What is known of the gateway settings.'),
})

export type MCPGatewaySpec = z.infer<typeof mcpGateway.spec>
