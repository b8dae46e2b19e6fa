import * as z from 'zod'
import { keyFields } from '../gateway/config/keys.ts'
import { kindOf } from './kind.ts'
import { resourceName } from './names.ts'
import { rule } from './rule.ts'
import { acceptedColumn, ageColumn, statusFields } from './status.ts'

const fields = z.strictObject({
  ...keyFields,
  digests: keyFields.digests.optional().describe(keyFields.digests.description!),
  generate: z
    .strictObject({
      secretName: resourceName.describe(
        'Name of the Secret that is created with the key in it. One that exists is never taken over.',
      ),
    })
    .optional()
    .describe(
      'In a cluster: have a key made. It is handed over once: fetch it from the Secret, then delete the Secret; its digest is kept.',
    ),
})

export const apiKey = kindOf({
  kind: 'APIKey',
  plural: 'apikeys',
  shortName: 'mcpkey',
  description:
    'One machine caller: the digests of its keys, and what it may do. The key itself is never stored; deleting the object revokes it.',
  nameRules: [],
  columns: [
    acceptedColumn,
    {
      name: 'Key',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Generated")].reason',
      description: 'What became of the key that is generated.',
    },
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
  spec: rule(
    fields.describe('What the caller may do.'),
    {
      rule: 'has(self.digests) || has(self.generate)',
      message: 'say which key it is: set digests ("bartizan keys create" prints one) or generate',
    },
    value => value.digests !== undefined || value.generate !== undefined,
  ),
  status: z.strictObject(statusFields).describe('What is known of the key.'),
})

export type APIKeySpec = z.infer<typeof apiKey.spec>
