import * as z from 'zod'
import { list } from '../gateway/config/kit.ts'
import { unmapped } from '../gateway/config/networks.ts'
import { traits } from '../gateway/config/traits.ts'
import { labels } from './labels.ts'
import { namespaceName } from './names.ts'
import { rule } from './rule.ts'

const cidrMessage = 'must be an address range such as 10.20.0.0/16 or fd00:1::/64'

/** An IPv4 range spelled as IPv6 is refused, as by `isCIDR` of the API server: the plugin that enforces policies may read it as the one or the other. */
const isMapped = (text: string): boolean => unmapped(text.split('/')[0] ?? '') !== text.split('/')[0]

const isCidr = (text: string): boolean =>
  [z.cidrv4(), z.cidrv6()].some(schema => schema.safeParse(text).success) && !text.includes('%') && !isMapped(text)

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
      'An address range. It needs to lie in one of servers.egress.networks of the MCPGateway; unless that names some, no range may be reached.',
    ),
  namespace: namespaceName
    .optional()
    .describe(
      'A namespace of this cluster: its pods may be reached, and names are resolved by the DNS of the cluster. It needs to be one of servers.egress.namespaces of the MCPGateway; unless that names some, any may be reached but those called kube-* and that of the operator.',
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

/** Pods of a namespace in one line. */
export const podsText = (namespace: string, podLabels: Egress['podLabels']): string =>
  podLabels ? `${namespace} ${JSON.stringify(podLabels)}` : namespace

egress.register(traits, {
  text: ({ cidr, namespace = '', podLabels, ports }) => `${cidr ?? podsText(namespace, podLabels)}:${ports.join('+')}`,
})

/** MCPGateway.spec.servers.egress */
export const egressCap = z
  .strictObject({
    networks: list(cidr, 128)
      .optional()
      .describe(
        'Address ranges that the egress of a server may name, or parts of. Unset: none. Every author of an MCPServer may open what lies in these ranges, so only those who write this field decide about ranges of nodes, of pods or of the API server.',
      )
      .register(traits, { combine: 'intersection' }),
    namespaces: list(namespaceName, 256)
      .optional()
      .describe(
        'Namespaces that the egress or the url of a server may name. Unset: every one but those called kube-* and that of the operator. Set: these and no others.',
      )
      .register(traits, { combine: 'within' }),
  })
  .describe(
    'What the egress of the servers of this namespace may open, in a cluster. Of what the MCPGateway of the operator names, only that part which stands here, too, is open. Where a controller writes the objects, such as Argo CD, admission sees its rights and not those of the author, so this is what protects.',
  )
  .register(traits, { cluster: true })
