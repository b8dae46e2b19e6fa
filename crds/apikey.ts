import * as z from 'zod'
import { keyFields } from '../gateway/config/keys.ts'
import { kindOf } from './kind.ts'
import { acceptedColumn, ageColumn, statusFields } from './status.ts'

export const apiKey = kindOf({
  kind: 'APIKey',
  plural: 'apikeys',
  shortName: 'mcpkey',
  description:
    'One machine caller: the digests of its keys, and what it may do. The key itself is never stored; deleting the object revokes it.',
  nameRules: [],
  columns: [
    acceptedColumn,
    { name: 'Expires', type: 'string', jsonPath: '.spec.expiresAt', description: 'When the key ends.' },
    { name: 'Revoked', type: 'boolean', jsonPath: '.spec.revoked', description: 'Whether the key is refused.' },
    {
      name: 'Servers',
      type: 'string',
      jsonPath: '.spec.allowedServers',
      description: 'Servers it may call.',
      priority: 1,
    },
    ageColumn,
  ],
  spec: z.strictObject(keyFields).describe('What the caller may do.'),
  status: z.strictObject(statusFields).describe('What is known of the key.'),
})

export type APIKeySpec = z.infer<typeof apiKey.spec>
