import * as z from 'zod'
import { list } from '../gateway/config/kit.ts'
import { labels } from './labels.ts'
import { namespaceName } from './names.ts'
import { rule } from './rule.ts'

const cidrMessage = 'must be an address range such as 10.20.0.0/16 or fd00:1::/64'

const isCidr = (text: string): boolean =>
  [z.cidrv4(), z.cidrv6()].some(schema => schema.safeParse(text).success) && !text.includes('%')

const cidr = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[0-9a-fA-F:.]+\/[0-9]{1,3}$/, cidrMessage)
  .refine(isCidr, cidrMessage)
  .meta({ 'x-kubernetes-validations': [{ rule: 'isCIDR(self)', message: cidrMessage }] })

const fields = z.strictObject({
  cidr: cidr
    .optional()
    .describe(
      'An address range. Beyond the private ranges it needs to lie in servers.allowedNetworks of the MCPGateway.',
    ),
  namespace: namespaceName
    .optional()
    .describe(
      'A namespace of this cluster: its pods may be reached, and names are resolved by the DNS of the cluster.',
    ),
  podLabels: labels.optional().describe('Only those pods of the namespace that carry all of these labels.'),
  ports: list(z.int().min(1).max(65_535), 16)
    .min(1)
    .describe(
      'TCP ports; 53 is opened for UDP, too. For a namespace these are ports of its pods, which may differ from those of a Service before them.',
    ),
})

const target = rule(
  fields,
  { rule: 'has(self.cidr) != has(self.namespace)', message: 'set exactly one of cidr and namespace' },
  value => (value.cidr === undefined) !== (value.namespace === undefined),
)

/** MCPServer.spec.egress[] */
export const egress = rule(
  target,
  { rule: '!has(self.podLabels) || has(self.namespace)', message: 'podLabels need namespace' },
  value => value.podLabels === undefined || value.namespace !== undefined,
)

export type Egress = z.infer<typeof egress>
